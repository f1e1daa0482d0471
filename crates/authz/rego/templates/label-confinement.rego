# caracal:data-document
package caracal.authz

# A session with a label that begins with the prefix gets none but these scopes, whatever its roles allow. When
# several rules fit, all of them apply.
confinement := [
	{
		"label_prefix": "untrusted-",
		"scopes": ["tickets:read"],
	},
]
