{{/* Pod Security "restricted", for every pod of the chart. */}}
{{- define "leadpulse.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.security.runAsUser }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
{{- end }}
{{- with .Values.security.fsGroup }}
fsGroup: {{ int64 . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "leadpulse.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Settings, certificates and a place for temporary files: what every container of the chart mounts. */}}
{{- define "leadpulse.commonMounts" -}}
- {name: settings, mountPath: /etc/leadpulse/settings, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if .Values.kafka.security.ca.secret }}
- {name: kafka-ca, mountPath: /etc/leadpulse/kafka-ca, readOnly: true}
{{- end }}
{{- if .Values.kafka.security.client.secret }}
- {name: kafka-client, mountPath: /etc/leadpulse/kafka-client, readOnly: true}
{{- end }}
{{- end }}

{{/* Takes a dict of root and the size of temporary files. */}}
{{- define "leadpulse.commonVolumes" -}}
- name: settings
  configMap: {name: {{ include "leadpulse.name" .root }}}
- name: tmp
  emptyDir: {sizeLimit: {{ .tmp }}}
{{- with .root.Values.kafka.security }}
{{- if .ca.secret }}
- name: kafka-ca
  secret:
    secretName: {{ .ca.secret }}
    items: [{key: {{ .ca.key }}, path: ca.crt}]
{{- end }}
{{- if .client.secret }}
- name: kafka-client
  secret: {secretName: {{ .client.secret }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- end }}

{{/* The registry's volume. Without a claim and a URL it is empty, and the rules score. */}}
{{- define "leadpulse.modelsVolume" -}}
{{- if not .Values.models.url }}
- name: models
{{- with include "leadpulse.modelsClaim" . }}
  persistentVolumeClaim: {claimName: {{ . }}}
{{- else }}
  emptyDir: {sizeLimit: 64Mi}
{{- end }}
{{- end }}
{{- end }}

{{/* Where pods may run, and what else the user says of them. */}}
{{- define "leadpulse.placing" -}}
serviceAccountName: {{ include "leadpulse.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
