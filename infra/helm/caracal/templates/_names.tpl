{{/* Names and labels. The full name leaves room for "-coordinator-headless" and the hash of a revision. */}}
{{- define "caracal.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What never changes of an object's labels: (dict "root" $ "component" NAME). */}}
{{- define "caracal.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "caracal.labels" -}}
{{ include "caracal.selector" . }}
app.kubernetes.io/part-of: caracal
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "caracal.metadata" -}}
name: {{ include "caracal.fullname" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "caracal.labels" . | nindent 2 }}
{{- end -}}

{{- define "caracal.image" -}}
{{- $global := .Values.global -}}
{{- $name := printf "%s/%s" (trimSuffix "/" $global.registry) $global.image -}}
{{- if $global.digest -}}
{{- printf "%s@%s" $name $global.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default (printf "v%s" .Chart.AppVersion) $global.tag) -}}
{{- end -}}
{{- end -}}

{{- define "caracal.secretName" -}}
{{- if .Values.secrets.create }}{{ include "caracal.fullname" . }}-runtime{{ else }}{{ .Values.secrets.runtimeSecretName }}{{ end -}}
{{- end -}}

{{/* Where a role answers within the namespace: (dict "root" $ "component" NAME). A name without dots: the Gateway speaks
     plain HTTP to no other. */}}
{{- define "caracal.url" -}}
{{- $roles := include "caracal.roles" .root | fromYaml -}}
{{- printf "%s://%s-%s:%v" (ternary "https" "http" (ne .root.Values.tls.secretName "")) (include "caracal.fullname" .root) .component (get $roles .component).port -}}
{{- end -}}
