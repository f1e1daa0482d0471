# caracal:data-document
package caracal.authz

# Each resource belongs to one application (by its key in `app_ids`). A session of that application may hold the
# scopes of a role when it carries the role's label; labels are not added up.
grants := {
	"https://tickets.example.com": {
		"application": "support-desk",
		"roles": {
			"reader": ["tickets:read"],
			"agent": ["tickets:read", "tickets:reply"],
		},
	},
}
