# The Caracal decision contract.
# Version 2026-11-29.
#
# Evaluated together with the documents of a policy set, `data.caracal.authz.result` is the answer to `input`.
# Every rule asks for what it needs: what is absent or malformed is not granted.

package caracal.authz

import rego.v1

default result := {
	"decision": "deny",
	"evaluation_status": "complete",
	"determining_policies": [],
	"diagnostics": [{"reason": "no_rule_matched"}],
}

result := {
	"decision": "allow",
	"evaluation_status": "complete",
	"determining_policies": [{"policy": allowing_policy}],
	"diagnostics": array.concat(gate_diagnostics, risk_diagnostics),
}

result := {
	"decision": "deny",
	"evaluation_status": "complete",
	"determining_policies": [],
	"diagnostics": [{"reason": deny_reason}],
} if {
	not allowing_policy
}

# --- Which rule allows. The kinds of request exclude each other. ---

allowing_policy := "caracal-bootstrap" if {
	bootstrap_request
	not restricted
	owned_grant
} else := concat("", ["caracal-", owned_grant.application, "-mint"]) if {
	mint_request
	gateable
	narrowed
	confined
	one_label_holds(requested)
} else := "caracal-workload-mint" if {
	workload_request
	gateable
} else := concat("", ["caracal-", owned_grant.application, "-use"]) if {
	use_request
	not restricted
	input.resource.identifier in mandate_targets
	one_label_holds(mandate_scopes)
}

gateable if {
	not restricted
	not malformed_risk
	not malformed_approval
}

# --- Why not, first match. ---

deny_reason := "restriction_active" if {
	restricted
} else := "malformed_risk_data" if {
	mint_shaped
	malformed_risk
} else := "malformed_approval_data" if {
	mint_shaped
	malformed_approval
} else := "resource_not_granted" if {
	mint_request
	not owned_grant
} else := "delegation_scope_exceeded" if {
	mint_request
	not narrowed
} else := "confinement_violation" if {
	mint_request
	not confined
} else := "role_scope_mismatch" if {
	mint_request
	not one_label_holds(requested)
} else := "mandate_target_mismatch" if {
	use_request
	not input.resource.identifier in mandate_targets
} else := "resource_not_granted" if {
	use_request
	not owned_grant
} else := "role_scope_mismatch" if {
	use_request
	not one_label_holds(mandate_scopes)
} else := "no_rule_matched"

# --- What the request is. ---

requested := {scope | some scope in elements(input.context.requested_scopes)}

labels := {label | some label in elements(input.principal.labels)}

claims := object.get(object.get(input, "context", {}), "subject_claims", null)

in_session if named(object.get(object.get(input, "principal", {}), "agent_session_id", ""))

delegated if named(object.get(object.get(input, "delegation_edge", {}), "id", ""))

stand_alone if {
	claims == null
	not in_session
	not delegated
}

# An application asks for nothing but the right to run sessions.
bootstrap_request if {
	stand_alone
	requested == {"agent:lifecycle"}
	not workload_request
}

# A session asks for scopes under a delegation.
mint_request if {
	claims == null
	in_session
	delegated
	count(requested) > 0
	not "agent:lifecycle" in requested
}

# The launcher asks for credentials of a workload.
workload_request if {
	stand_alone
	input.principal.type == "Workload"
	input.action.id == "CredentialInjection"
}

# A mandate minted under a delegation is presented.
use_request if {
	named(claims.delegation_edge_id)
	count(requested) == 0
	count(mandate_scopes) > 0
}

mint_shaped if mint_request

mint_shaped if workload_request

mandate_scopes := {scope |
	is_string(claims.scope)
	some scope in split(claims.scope, " ")
	scope != ""
}

mandate_targets := {target | some target in elements(claims.target)}

# --- What the owner's documents say. ---

restricted if {
	reasons := untyped(data.caracal.authz.restrict)
	not is_collection(reasons)
}

restricted if {
	reasons := untyped(data.caracal.authz.restrict)
	is_collection(reasons)
	count(reasons) > 0
}

owner_keys := {key |
	keys := untyped(data.caracal.authz.app_ids)
	is_object(keys)
	some key, id in keys
	id == input.principal.id
}

owned_grant := grant if {
	grants_by_resource := untyped(data.caracal.authz.grants)
	is_object(grants_by_resource)
	grant := grants_by_resource[input.resource.identifier]
	is_object(grant)
	named(grant.application)
	is_object(object.get(grant, "roles", {}))
	grant.application in owner_keys
}

narrowed if {
	granted := {scope | some scope in elements(input.delegation_edge.scopes)}
	count(requested - granted) == 0
}

confined if {
	not malformed_confinement
	not outside_confinement
}

malformed_confinement if {
	rules := data.caracal.authz.confinement
	not is_collection(rules)
}

malformed_confinement if {
	some rule in elements(data.caracal.authz.confinement)
	not is_confinement_rule(rule)
}

outside_confinement if {
	some rule in elements(data.caracal.authz.confinement)
	is_confinement_rule(rule)
	some label in labels
	startswith(label, rule.label_prefix)
	some scope in requested
	not scope in rule.scopes
}

# Labels do not add up: one of them must hold every scope.
one_label_holds(scopes) if {
	some label in labels
	held := owned_grant.roles[label]
	is_scope_list(held)
	every scope in scopes {
		scope in held
	}
}

malformed_risk if {
	entries := data.caracal.authz.risk
	not is_list(entries)
}

malformed_risk if {
	some entry in elements(data.caracal.authz.risk)
	not is_risk_entry(entry)
}

# A tier that is neither declared nor one of the common ones: misspelt, it would ask nobody.
malformed_risk if {
	some entry in elements(data.caracal.authz.risk)
	is_risk_entry(entry)
	not entry.tier in {"low", "medium", "high", "critical"}
	not entry.tier in declared_tiers
}

# Two tiers for one scope.
malformed_risk if {
	some left in elements(data.caracal.authz.risk)
	some right in elements(data.caracal.authz.risk)
	left.scope == right.scope
	left.tier != right.tier
}

malformed_approval if {
	tiers := data.caracal.authz.approval_tiers
	not is_list(tiers)
}

malformed_approval if {
	some tier in elements(data.caracal.authz.approval_tiers)
	not is_approval_tier(tier)
}

declared_tiers contains tier.tier if {
	some tier in elements(data.caracal.authz.approval_tiers)
	is_approval_tier(tier)
}

# --- Approval gates and risk of an allowed request that a human may hold. ---

risks := {[entry.scope, entry.tier] |
	mint_shaped
	some entry in elements(data.caracal.authz.risk)
	is_risk_entry(entry)
	entry.scope in requested
}

# Each declaration as a list first, so that its reading order does not depend on how objects compare.
gates := {[tier.tier, object.get(tier, "approver", "operator"), object.get(tier, "privacy", "identified"), ttl, approvals] |
	some [_, name] in risks
	some tier in elements(data.caracal.authz.approval_tiers)
	is_approval_tier(tier)
	tier.tier == name
	ttl := floor(object.get(tier, "ttl_seconds", 0))
	approvals := floor(object.get(tier, "approvals", 0))
}

gate_diagnostics := [{"step_up_required": {
	"type": "human_approval",
	"tiers": [declaration(gate) | some gate in sort(gates)],
}}] if {
	count(gates) > 0
} else := []

risk_diagnostics := [{"risk": [{"scope": scope, "tier": tier} | some [scope, tier] in sort(risks)]}] if {
	count(risks) > 0
} else := []

declaration(gate) := object.union({"tier": gate[0], "approver": gate[1], "privacy": gate[2]}, numbers) if {
	numbers := {name: number |
		some [name, number] in [["ttl_seconds", gate[3]], ["approvals", gate[4]]]
		number > 0
	}
}

# --- Operations under a tier: `operation_tiers` answers `input.call`, a `method` and a `path` as they are declared. ---

operation_tiers contains entry.tier if {
	some entry in elements(data.caracal.authz.operation_risk)
	is_operation_risk(entry)
	entry.resource == input.resource.identifier
	entry.method == input.call.method
	operation_met(entry, lower(input.call.path))
}

# Letters' case means nothing, and a variable stands for any segment: a gate is not to be missed.
operation_met(entry, path) if {
	entry.method == "MCP"
	declared := split(lower(entry.path), ":{")
	count(declared) == 1
	declared[0] == path
}

operation_met(entry, path) if {
	entry.method == "MCP"
	declared := split(lower(entry.path), ":{")
	count(declared) == 2
	startswith(path, concat("", [declared[0], ":"]))
}

operation_met(entry, path) if {
	entry.method != "MCP"
	declared := split(lower(entry.path), "/")
	sent := split(path, "/")
	not endswith(lower(entry.path), "+}")
	count(declared) == count(sent)
	segments_met(declared, sent)
}

operation_met(entry, path) if {
	entry.method != "MCP"
	endswith(lower(entry.path), "+}")
	declared := split(lower(entry.path), "/")
	sent := split(path, "/")
	count(declared) <= count(sent)
	segments_met(array.slice(declared, 0, count(declared) - 1), sent)
}

segments_met(declared, sent) if {
	every place, segment in declared {
		segment_met(segment, sent[place])
	}
}

segment_met(declared, _) if startswith(declared, "{")

segment_met(declared, sent) if declared == sent

malformed_operation_risk if {
	entries := untyped(data.caracal.authz.operation_risk)
	not is_list(entries)
}

malformed_operation_risk if {
	some entry in elements(data.caracal.authz.operation_risk)
	not is_operation_risk(entry)
}

# Nobody would be asked.
malformed_operation_risk if {
	some entry in elements(data.caracal.authz.operation_risk)
	is_operation_risk(entry)
	not entry.tier in declared_tiers
}

# --- Budgets: `budgets_charged` answers `input.call` with the entries that the call takes from, each once. ---

budgets_charged contains entry if {
	some entry in elements(data.caracal.authz.budgets)
	is_budget(entry)
	entry.resource == input.resource.identifier
	entry.method == input.call.method
	operation_met(entry, lower(input.call.path))
}

malformed_budgets if {
	entries := untyped(data.caracal.authz.budgets)
	not is_list(entries)
}

malformed_budgets if {
	some entry in elements(data.caracal.authz.budgets)
	not is_budget(entry)
}

# One budget with two limits, or one that would be taken from twice.
malformed_budgets if {
	some at, left in elements(data.caracal.authz.budgets)
	some other, right in elements(data.caracal.authz.budgets)
	at != other
	is_budget(left)
	is_budget(right)
	budget_identity(left) == budget_identity(right)
}

budget_identity(entry) := [entry.per, entry.resource, entry.method, nameless(lower(entry.path)), budget_argument(entry)]

# A path without the names of its variables.
nameless(path) := concat("/", [nameless_segment(segment) | some segment in split(path, "/")])

nameless_segment(segment) := concat("", [split(segment, "{")[0], "{+}"]) if {
	contains(segment, "{")
	endswith(segment, "+}")
}

nameless_segment(segment) := concat("", [split(segment, "{")[0], "{}"]) if {
	contains(segment, "{")
	not endswith(segment, "+}")
}

nameless_segment(segment) := segment if not contains(segment, "{")

budget_argument(entry) := argument_path(entry) if is_argument_path(entry.argument)

budget_argument(entry) := [] if not "argument" in object.keys(entry)

# --- Arguments of calls to tools: `arguments_allowed` answers `input.call`, which has `tool` and `arguments`. ---

default arguments_allowed := false

arguments_allowed if {
	not malformed_arguments
	not outside_arguments
}

malformed_arguments if {
	bounds := untyped(data.caracal.authz.arguments)
	not is_collection(bounds)
}

malformed_arguments if {
	some bound in elements(data.caracal.authz.arguments)
	not is_argument_bound(bound)
}

outside_arguments if {
	some bound in elements(data.caracal.authz.arguments)
	is_argument_bound(bound)
	bound.resource == input.resource.identifier
	bound.tool in {"*", input.call.tool}
	not argument_within(bound)
}

argument_within(bound) if {
	is_object(input.call.arguments)
	value := argument_at(input.call.arguments, argument_path(bound))
	argument_holds(bound, value)
}

argument_within(bound) if {
	is_object(input.call.arguments)
	object.get(bound, "optional", false) == true
	not argument_is_there(bound)
}

argument_is_there(bound) if {
	value := argument_at(input.call.arguments, argument_path(bound))
	is_value(value)
}

# Whatever it is, false and null included.
is_value(_) := true

argument_holds(bound, value) if {
	object.get(bound, "each", false) == false
	value_holds(bound, value)
}

argument_holds(bound, value) if {
	object.get(bound, "each", false) == true
	is_array(value)
	every item in value {
		value_holds(bound, item)
	}
}

value_holds(bound, value) if {
	is_of_type(bound.type, value)
	not value_outside(bound, value)
}

value_outside(bound, value) if {
	limit := bound.minimum
	value < limit
}

value_outside(bound, value) if {
	limit := bound.maximum
	value > limit
}

value_outside(bound, value) if {
	prefix := bound.prefix
	not startswith(value, prefix)
}

# Out of the prefix again.
value_outside(bound, value) if {
	is_string(bound.prefix)
	some segment in split(replace(lower(value), "\\", "/"), "/")
	segment == ".."
}

value_outside(bound, value) if {
	is_string(bound.prefix)
	contains(lower(value), "%2e")
}

value_outside(bound, value) if {
	most := bound.max_length
	count(value) > most
}

value_outside(bound, value) if {
	values := bound.values
	not value_among(values, value)
}

value_among(values, value) if {
	some known in values
	known == value
}

is_of_type("string", value) if is_string(value)

is_of_type("boolean", value) if is_boolean(value)

is_of_type("number", value) if is_number(value)

is_of_type("integer", value) if {
	is_number(value)
	floor(value) == value
}

argument_path(bound) := [bound.argument] if is_string(bound.argument)

argument_path(bound) := bound.argument if is_array(bound.argument)

# Through objects alone.
argument_at(arguments, path) := arguments[path[0]] if count(path) == 1

argument_at(arguments, path) := arguments[path[0]][path[1]] if count(path) == 2

argument_at(arguments, path) := arguments[path[0]][path[1]][path[2]] if count(path) == 3

argument_at(arguments, path) := arguments[path[0]][path[1]][path[2]][path[3]] if count(path) == 4

# --- Shapes. ---

named(value) if {
	is_string(value)
	value != ""
}

is_list(value) if is_array(value)

is_list(value) if is_set(value)

is_collection(value) if is_list(value)

is_collection(value) if is_object(value)

# The elements of a collection, none of anything else.
elements(value) := value if {
	is_collection(value)
} else := []

is_scope_list(value) if {
	is_list(value)
	every scope in value {
		is_string(scope)
	}
}

is_confinement_rule(rule) if {
	is_object(rule)
	is_string(rule.label_prefix)
	is_scope_list(rule.scopes)
}

is_risk_entry(entry) if {
	is_object(entry)
	named(entry.scope)
	named(entry.tier)
}

is_operation_risk(entry) if {
	is_object(entry)
	object.keys(entry) == {"resource", "method", "path", "tier"}
	named(entry.resource)
	named(entry.method)
	named(entry.path)
	named(entry.tier)
}

is_budget(entry) if {
	is_object(entry)
	count(object.keys(entry) - {"resource", "method", "path", "per", "calls", "argument", "sum"}) == 0
	named(entry.resource)
	named(entry.method)
	named(entry.path)
	entry.per in {"session", "delegation"}
	count(object.keys(entry) & {"calls", "sum"}) > 0
	is_positive_whole(object.get(entry, "calls", 1), 4294967295)
	is_sum(entry)
}

is_sum(entry) if count(object.keys(entry) & {"argument", "sum"}) == 0

is_sum(entry) if {
	entry.method == "MCP"
	startswith(lower(entry.path), "tools/call:")
	is_argument_path(entry.argument)
	is_positive_whole(entry.sum, 9000000000000)
}

is_positive_whole(number, most) if {
	is_number(number)
	number > 0
	number <= most
	floor(number) == number
}

is_approval_tier(tier) if {
	is_object(tier)
	named(tier.tier)
	object.get(tier, "approver", "operator") in {"operator", "subject", "any"}
	object.get(tier, "privacy", "identified") in {"identified", "pseudonymous", "anonymous"}
	ttl := object.get(tier, "ttl_seconds", 1800)
	is_number(ttl)
	ttl >= 1
	ttl <= 4294967295
	floor(ttl) == ttl
	approvals := object.get(tier, "approvals", 1)
	is_number(approvals)
	approvals >= 1
	approvals <= 10
	floor(approvals) == approvals
	enough_people(object.get(tier, "approver", "operator"), approvals)
}

# There is one subject.
enough_people(approver, _) if approver != "subject"

enough_people("subject", approvals) if approvals == 1

is_argument_bound(bound) if {
	is_object(bound)
	members := {"resource", "tool", "argument", "type", "minimum", "maximum", "prefix", "max_length", "values", "optional", "each"}
	count(object.keys(bound) - members) == 0
	named(bound.resource)
	named(bound.tool)
	is_argument_path(bound.argument)
	bound.type in {"string", "number", "integer", "boolean"}
	is_boolean(object.get(bound, "optional", false))
	is_boolean(object.get(bound, "each", false))
	is_limit(bound, "minimum")
	is_limit(bound, "maximum")
	is_prefix(bound)
	is_max_length(bound)
	is_value_list(bound)
}

is_argument_path(path) if named(path)

is_argument_path(path) if {
	is_array(path)
	count(path) >= 1
	count(path) <= 4
	every name in path {
		named(name)
	}
}

is_limit(bound, name) if not name in object.keys(bound)

is_limit(bound, name) if {
	is_number(bound[name])
	bound.type in {"number", "integer"}
}

is_prefix(bound) if not "prefix" in object.keys(bound)

is_prefix(bound) if {
	named(bound.prefix)
	bound.type == "string"
}

is_max_length(bound) if not "max_length" in object.keys(bound)

is_max_length(bound) if {
	bound.type == "string"
	is_number(bound.max_length)
	bound.max_length >= 0
	bound.max_length <= 4294967295
	floor(bound.max_length) == bound.max_length
}

is_value_list(bound) if not "values" in object.keys(bound)

is_value_list(bound) if {
	bound.type == "string"
	is_list(bound.values)
	count(bound.values) > 0
	every value in bound.values {
		is_string(value)
	}
}

is_value_list(bound) if {
	bound.type == "integer"
	is_list(bound.values)
	count(bound.values) > 0
	every value in bound.values {
		is_number(value)
		floor(value) == value
	}
}

# The value itself. A compiler that infers types from the documents would refuse malformed ones before this module
# could deny them.
untyped(value) := value
