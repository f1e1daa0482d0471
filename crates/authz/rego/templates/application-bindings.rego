# caracal:data-document
package caracal.authz

# A key of your choice for each application of this zone. Grants name applications by key, so that an application
# can be replaced here, in one place.
app_ids := {
	"support-desk": "replace-with-an-application-id",
}
