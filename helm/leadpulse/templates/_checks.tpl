{{/* Refuses values that contradict each other. Each message begins with the value's name and ends with the remedy. */}}
{{- define "leadpulse.check" -}}
{{- include "leadpulse.checkOwned" . -}}
{{- include "leadpulse.checkKafka" . -}}
{{- include "leadpulse.checkScale" . -}}
{{- include "leadpulse.checkModels" . -}}
{{- include "leadpulse.checkTopics" . -}}
{{- end }}

{{/* Settings that the chart writes itself. */}}
{{- define "leadpulse.checkOwned" -}}
{{- $owned := dict
      "application" "application" "worker" "the pod's name" "state" "state" "models" "models" "web" "web.port" -}}
{{- range $key, $instead := $owned -}}
{{- if hasKey $.Values.settings $key -}}
{{- fail (printf "settings.%s is set by the chart: take it out (%s decides it)" $key $instead) -}}
{{- end -}}
{{- end -}}
{{- $kafka := dict "bootstrap" "kafka.bootstrap" "security" "kafka.security" "static_membership" "kafka.staticMembership" -}}
{{- range $key, $instead := $kafka -}}
{{- if hasKey (default dict $.Values.settings.kafka) $key -}}
{{- fail (printf "settings.kafka.%s is set by the chart: take it out and set %s" $key $instead) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "prefix" "inputs" -}}
{{- if hasKey (default dict $.Values.settings.topics) $key -}}
{{- fail (printf "settings.topics.%s is set by the chart: take it out and set topics.%s" $key $key) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "leadpulse.checkKafka" -}}
{{- if not .Values.kafka.bootstrap -}}
{{- fail "kafka.bootstrap is empty: name the brokers, such as broker-1:9092" -}}
{{- end -}}
{{- $guarantee := default "exactly_once" .Values.settings.guarantee -}}
{{- if and (eq $guarantee "exactly_once") (not .Values.kafka.transactions) -}}
{{- fail "kafka.transactions is false and settings.guarantee is exactly_once: allow transactions, or set settings.guarantee to at_least_once" -}}
{{- end -}}
{{- with .Values.kafka.security -}}
{{- if and (has .protocol (list "sasl" "oauth")) (not .credentials.secret) -}}
{{- fail (printf "kafka.security.credentials.secret is empty and kafka.security.protocol is %s: name an existing secret" .protocol) -}}
{{- end -}}
{{- if and (has .protocol (list "plaintext" "tls")) .credentials.secret -}}
{{- fail (printf "kafka.security.credentials.secret is given and kafka.security.protocol is %s: take it out, or set the protocol to sasl or oauth" .protocol) -}}
{{- end -}}
{{- if and (eq .protocol "oauth") (not .oauth.tokenEndpoint) -}}
{{- fail "kafka.security.oauth.tokenEndpoint is empty and kafka.security.protocol is oauth: say where tokens are had" -}}
{{- end -}}
{{- if and (ne .protocol "oauth") .oauth.tokenEndpoint -}}
{{- fail (printf "kafka.security.oauth.tokenEndpoint is given and kafka.security.protocol is %s: take it out, or set the protocol to oauth" .protocol) -}}
{{- end -}}
{{- if and (ne .protocol "tls") .client.secret -}}
{{- fail (printf "kafka.security.client.secret is given and kafka.security.protocol is %s: client certificates go with tls" .protocol) -}}
{{- end -}}
{{- if and .ca.secret (or (eq .protocol "plaintext") (and (has .protocol (list "sasl" "oauth")) (not .encrypted))) -}}
{{- fail "kafka.security.ca.secret is given and the connection is not encrypted: take it out, or encrypt" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "leadpulse.checkScale" -}}
{{- $most := int .Values.topics.partitions -}}
{{- if and .Values.autoscaling.keda.enabled .Values.autoscaling.hpa.enabled -}}
{{- fail "autoscaling.keda.enabled and autoscaling.hpa.enabled are both true: two would scale the same workers, choose one" -}}
{{- end -}}
{{- if gt (int .Values.replicas) $most -}}
{{- fail (printf "replicas is %d and topics.partitions is %d: a worker beyond the partitions has nothing to do, lower replicas" (int .Values.replicas) $most) -}}
{{- end -}}
{{- range $kind := list "keda" "hpa" -}}
{{- $scaler := index $.Values.autoscaling $kind -}}
{{- if $scaler.enabled -}}
{{- $max := int (default $most $scaler.maxReplicas) -}}
{{- if gt $max $most -}}
{{- fail (printf "autoscaling.%s.maxReplicas is %d and topics.partitions is %d: a worker beyond the partitions has nothing to do, lower it" $kind $max $most) -}}
{{- end -}}
{{- if gt (int $scaler.minReplicas) $max -}}
{{- fail (printf "autoscaling.%s.minReplicas is %d and the most is %d: lower it" $kind (int $scaler.minReplicas) $max) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "leadpulse.checkModels" -}}
{{- $named := list -}}
{{- if .Values.models.url -}}{{- $named = append $named "models.url" -}}{{- end -}}
{{- if .Values.models.existingClaim -}}{{- $named = append $named "models.existingClaim" -}}{{- end -}}
{{- if .Values.models.claim.create -}}{{- $named = append $named "models.claim.create" -}}{{- end -}}
{{- if gt (len $named) 1 -}}
{{- fail (printf "%s are both given: a registry is in one place, choose one" (join " and " $named)) -}}
{{- end -}}
{{- if .Values.trainer.enabled -}}
{{- if not $named -}}
{{- fail "trainer.enabled is true and there is no registry that workers and trainer share: set models.url, models.existingClaim or models.claim.create" -}}
{{- end -}}
{{- if not .Values.trainer.historyClaim -}}
{{- fail "trainer.historyClaim is empty and trainer.enabled is true: name an existing claim with the event logs" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "leadpulse.checkTopics" -}}
{{- with .Values.topics.strimzi -}}
{{- if and .enabled (not .cluster) -}}
{{- fail "topics.strimzi.cluster is empty and topics.strimzi.enabled is true: name Strimzi's Kafka resource" -}}
{{- end -}}
{{- if and .enabled (gt (int .minInsyncReplicas) (int .replicas)) -}}
{{- fail (printf "topics.strimzi.minInsyncReplicas is %d and topics.strimzi.replicas is %d: no record could be written, lower it" (int .minInsyncReplicas) (int .replicas)) -}}
{{- end -}}
{{- end -}}
{{- end }}
