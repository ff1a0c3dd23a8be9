{{/* The settings of `run`, one to one. Those left empty are not set. */}}
{{- define "apivideo.env" -}}
- name: APIVIDEO_API_KEY_FILE
  value: /etc/apivideo/api-key
{{- $config := .Values.config }}
{{- $settings := list
  (list "APIVIDEO_ENVIRONMENT" $config.environment)
  (list "APIVIDEO_BASE_URL" $config.baseUrl)
  (list "WATCH_NAMESPACE" (join "," .Values.watchNamespaces))
  (list "DRIFT_INTERVAL" $config.driftInterval)
  (list "CREATE_SETTLE" $config.createSettle)
  (list "CREATE_MARKER" (toString $config.createMarker))
  (list "REQUEST_TIMEOUT" $config.requestTimeout)
  (list "READ_SHARE" (toString $config.readShare))
  (list "WRITE_SHARE" (toString $config.writeShare))
  (list "MISSING_GUARD" $config.missingGuard)
  (list "APIVIDEO_PROJECT" $config.project)
  (list "BIND" (printf "[::]:%d" (int .Values.port)))
  (list "LEADER_ELECT" (toString .Values.leaderElection.enabled))
  (list "LOG_FORMAT" $config.logFormat)
  (list "RUST_LOG" $config.logFilter)
}}
{{- range $settings }}
{{- if last . }}
- name: {{ first . }}
  value: {{ last . | quote }}
{{- end }}
{{- end }}
{{- end }}
