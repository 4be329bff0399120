{{- define "leadpulse.name" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "leadpulse.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "leadpulse.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* What selects pods of every kind; never changes, since a StatefulSet's selector cannot. */}}
{{- define "leadpulse.selector" -}}
app.kubernetes.io/name: leadpulse
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "leadpulse.labels" -}}
{{ include "leadpulse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* An image's full name. Takes a dict of root and image. */}}
{{- define "leadpulse.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ default .root.Chart.AppVersion .image.tag }}
{{- end -}}
{{- end }}

{{/* What `models` is in the settings: a URL, or where the volume is mounted. */}}
{{- define "leadpulse.models" -}}
{{- default "/models" .Values.models.url -}}
{{- end }}

{{- define "leadpulse.modelsClaim" -}}
{{- if .Values.models.existingClaim -}}
{{ .Values.models.existingClaim }}
{{- else if .Values.models.claim.create -}}
{{ include "leadpulse.name" . }}-models
{{- end -}}
{{- end }}
