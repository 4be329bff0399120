{{/* The settings file: the user's, with what the chart alone decides. Secrets come by the environment. */}}
{{- define "leadpulse.settings" -}}
{{- $given := deepCopy .Values.settings -}}
{{- $kafka := dict
      "bootstrap" .Values.kafka.bootstrap
      "static_membership" .Values.kafka.staticMembership
      "security" (include "leadpulse.security" . | fromYaml) -}}
{{- $topics := dict "prefix" .Values.topics.prefix "inputs" .Values.topics.inputs -}}
{{- $own := dict
      "application" .Values.application
      "kafka" (merge $kafka (default dict $given.kafka))
      "topics" (merge $topics (default dict $given.topics))
      "state" "/var/lib/leadpulse"
      "models" (include "leadpulse.models" .)
      "web" (dict "host" "0.0.0.0" "port" (int .Values.web.port)) -}}
{{- merge $own $given | toYaml -}}
{{- end }}

{{- define "leadpulse.security" -}}
{{- with .Values.kafka.security -}}
protocol: {{ .protocol }}
{{- if eq .protocol "sasl" }}
mechanism: {{ .mechanism }}
{{- end }}
{{- if has .protocol (list "sasl" "oauth") }}
tls: {{ .encrypted }}
{{- end }}
{{- if eq .protocol "oauth" }}
token_endpoint: {{ .oauth.tokenEndpoint | quote }}
{{- with .oauth.scope }}
scope: {{ . | quote }}
{{- end }}
{{- end }}
{{- if .ca.secret }}
ca: /etc/leadpulse/kafka-ca/ca.crt
{{- end }}
{{- if .client.secret }}
certificate: /etc/leadpulse/kafka-client/tls.crt
key: /etc/leadpulse/kafka-client/tls.key
{{- end }}
{{- end -}}
{{- end }}

{{/* Variables with what a secret holds, and those that the user adds. */}}
{{- define "leadpulse.environment" -}}
{{- with .Values.kafka.security }}
{{- if .credentials.secret }}
{{- $names := eq .protocol "oauth" | ternary (list "CLIENT_ID" "CLIENT_SECRET") (list "USERNAME" "PASSWORD") }}
- name: LEADPULSE__KAFKA__SECURITY__{{ index $names 0 }}
  valueFrom:
    secretKeyRef: {name: {{ .credentials.secret }}, key: {{ .credentials.username }}}
- name: LEADPULSE__KAFKA__SECURITY__{{ index $names 1 }}
  valueFrom:
    secretKeyRef: {name: {{ .credentials.secret }}, key: {{ .credentials.password }}}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
