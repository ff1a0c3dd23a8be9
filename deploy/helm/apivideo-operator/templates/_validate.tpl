{{/* What the schema can't say, or can't say in words that help. */}}
{{- define "apivideo.validate" -}}
{{- range $key := list "driftInterval" "createSettle" "requestTimeout" }}
{{- $value := index $.Values.config $key }}
{{- if not (regexMatch "^([0-9]+(ms|s|m|h))+$" $value) }}
{{- fail (printf "config.%s: %q is no duration; write one above zero, like 500ms, 60s or 5m" $key $value) }}
{{- else if not (regexMatch "[1-9]" $value) }}
{{- fail (printf "config.%s: %q is zero; write a duration above zero, like 500ms, 60s or 5m" $key $value) }}
{{- end }}
{{- end }}
{{- /* A share may be a text: that is what --set makes of a fraction. */ -}}
{{- range $key := list "readShare" "writeShare" }}
{{- $value := index $.Values.config $key }}
{{- if not (and (gt (float64 $value) 0.0) (le (float64 $value) 1.0)) }}
{{- fail (printf "config.%s: %v is no share; write a number above 0 and at most 1, like 0.9" $key $value) }}
{{- end }}
{{- end }}
{{- $url := .Values.config.baseUrl }}
{{- if and $url (not (regexMatch "^https?://[^/ ]+" $url)) }}
{{- fail (printf "config.baseUrl: %q is no address; write one like https://ws.api.video, or leave it empty for the environment's own" $url) }}
{{- end }}
{{- range .Values.watchNamespaces }}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" .) }}
{{- fail (printf "watchNamespaces: %q is no name of a namespace; write lower case letters, digits and dashes, at most 63" .) }}
{{- end }}
{{- end }}
{{- if and .Values.apiKey.value .Values.apiKey.existingSecret }}
{{- fail "apiKey: both existingSecret and value are set; keep one of them" }}
{{- end }}
{{- if not (or .Values.apiKey.value .Values.apiKey.existingSecret) }}
{{- fail (printf "apiKey: set apiKey.existingSecret to a Secret that holds the API key (kubectl create secret generic apivideo --namespace %s --from-file=%s=PATH), or apiKey.value for a trial" .Release.Namespace .Values.apiKey.secretKey) }}
{{- end }}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) }}
{{- fail (printf "replicas: %d pods would all work at once; set leaderElection.enabled to true, or replicas to 1" (int .Values.replicas)) }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if has .name (list "APIVIDEO_API_KEY_FILE" "APIVIDEO_API_KEY" "APIVIDEO_ENVIRONMENT" "APIVIDEO_BASE_URL" "WATCH_NAMESPACE" "DRIFT_INTERVAL" "CREATE_SETTLE" "CREATE_MARKER" "REQUEST_TIMEOUT" "READ_SHARE" "WRITE_SHARE" "MISSING_GUARD" "APIVIDEO_PROJECT" "BIND" "LEADER_ELECT" "LOG_FORMAT" "RUST_LOG") }}
{{- fail (printf "extraEnv: %s is a setting that the chart has a value for; use that (config, apiKey, watchNamespaces, leaderElection or port)" .name) }}
{{- end }}
{{- end }}
{{- end }}
