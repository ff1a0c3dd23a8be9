{{- define "apivideo.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "apivideo.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "apivideo.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "apivideo.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* The name of objects without a namespace: releases of one name in two namespaces don't meet. */}}
{{- define "apivideo.clusterName" -}}
{{- printf "%s.%s" (include "apivideo.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "apivideo.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "apivideo.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "apivideo.selectorLabels" -}}
app.kubernetes.io/name: {{ include "apivideo.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "apivideo.labels" -}}
{{ include "apivideo.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels and annotations of an object: (dict "root" $ "labels" … "annotations" …). */}}
{{- define "apivideo.meta" -}}
labels:
  {{- include "apivideo.labels" .root | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "apivideo.apiKeySecret" -}}
{{- default (printf "%s-api-key" (include "apivideo.fullname" .)) .Values.apiKey.existingSecret }}
{{- end }}

{{- define "apivideo.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end }}
