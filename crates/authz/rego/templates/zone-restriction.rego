# caracal:data-document
package caracal.authz

# Empty while all is well. Add a reason, such as "incident-42", and activate: everything in the zone is denied until
# a version without reasons is activated.
restrict := []
