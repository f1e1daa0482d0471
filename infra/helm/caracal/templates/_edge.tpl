{{/* The host of a public role: the one that is named, else that of its public URL: (dict "root" $ "name" NAME "host" HOST). */}}
{{- define "caracal.hostOf" -}}
{{- if .host -}}
{{- .host -}}
{{- else if eq .name "web" -}}
{{- (urlParse .root.Values.web.publicUrl).hostname -}}
{{- else if eq .name "sts" -}}
{{- (urlParse .root.Values.sts.issuerUrl).hostname -}}
{{- else if eq .name "gateway" -}}
{{- (urlParse .root.Values.gateway.publicUrl).hostname -}}
{{- end -}}
{{- end -}}
