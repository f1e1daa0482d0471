{{/*
The runtime Secret of an evaluation: every value follows from secrets.seed, so that each render of the same values is the
same and an upgrade changes nothing. Keys are those that `caracald secrets init` writes as files.
*/}}
{{- define "caracal.madeSecrets" -}}
{{- $seed := .Values.secrets.seed -}}
{{- $made := dict -}}
{{- range list "postgresPassword" "redisPassword" "apiDbPassword" "stsDbPassword" "gatewayDbPassword" "coordinatorDbPassword" "auditDbPassword" "secretStoreKek" "auditHmacKey" "streamsHmacKey" "gatewayStsHmacKey" "idempotencyHmacKey" "auditLogKey" "caracalAdminToken" "caracalCoordinatorToken" "stsAdminToken" "auditAdminToken" "metricsBearer" -}}
{{- $_ := set $made . (printf "%s/%s" $seed . | sha256sum) -}}
{{- end -}}
{{- $server := printf "%s-postgresql:%v/caracal?sslmode=disable" (include "caracal.fullname" .) .Values.networkPolicy.postgresql.port -}}
{{- $_ := set $made "databaseUrl" (printf "postgres://postgres:%s@%s" $made.postgresPassword $server) -}}
{{- range list "api" "sts" "gateway" "coordinator" "audit" -}}
{{- $_ := set $made (printf "%sDatabaseUrl" .) (printf "postgres://caracal%s:%s@%s" . (get $made (printf "%sDbPassword" .)) $server) -}}
{{- end -}}
{{- $_ := set $made "redisUrl" (printf "redis://caracal:%s@%s-redis:%v" $made.redisPassword (include "caracal.fullname" .) .Values.networkPolicy.redis.port) -}}
{{- $_ := set $made "redisUsers" (printf "user default off\nuser caracal on #%s %s\n" ($made.redisPassword | sha256sum) (.Files.Get "files/redis.acl" | trim)) -}}
{{- toYaml $made -}}
{{- end -}}
