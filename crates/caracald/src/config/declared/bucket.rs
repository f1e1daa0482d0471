use caracal_core::Secret;
use caracal_service::config::{Declared, Optional, Role, SecretText, Settings, Text};

/// Declares what is told about a bucket, and reads all of it.
macro_rules! bucket {
    (
        secrets { $($secret:ident $secret_name:literal $no_secret:literal $secret_sentence:literal;)+ }
        texts { $($text:ident $text_name:literal $no_text:literal $text_sentence:literal;)+ }
    ) => {
        pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[$(&$secret,)+ $(&$text,)+];

        $(static $secret: Optional<SecretText> =
            Optional::new($secret_name, &[Role::Audit], $no_secret, $secret_sentence);)+
        $(static $text: Optional<Text> =
            Optional::new($text_name, &[Role::Audit], $no_text, $text_sentence);)+

        /// What is told about the bucket, by the names that the tools of AWS know it under.
        pub(crate) fn bucket(settings: &mut Settings) -> Vec<(&'static str, Secret)> {
            let secrets = [$(($secret_name, settings.find(&$secret)),)+];
            let texts = [$(($text_name, settings.find(&$text).map(Secret::new)),)+];
            let all = secrets.into_iter().chain(texts);
            all.filter_map(|(name, given)| Some((name, given?))).collect()
        }
    };
}

bucket! {
    secrets {
        SECRET_ACCESS_KEY "AWS_SECRET_ACCESS_KEY"
            "those of the role of the machine, the container or the workload"
            "The secret that belongs to AWS_ACCESS_KEY_ID.";
        SSE_CUSTOMER_KEY "AWS_SSE_CUSTOMER_KEY_BASE64" "the bucket has one" "A key of ours that objects are encrypted with there.";
        SESSION_TOKEN "AWS_SESSION_TOKEN" "the keys are for ever" "The token that temporary keys come with.";
    }
    texts {
        ACCESS_KEY_ID "AWS_ACCESS_KEY_ID"
            "those of the role of the machine, the container or the workload"
            "Whose keys write to the buckets of AUDIT_EXPORT_URL and AUDIT_CHECKPOINT_URL.";
        REGION "AWS_REGION" "AWS_DEFAULT_REGION" "Region of the bucket.";
        DEFAULT_REGION "AWS_DEFAULT_REGION" "us-east-1" "Region of the bucket, where AWS_REGION says none.";
        ENDPOINT_URL "AWS_ENDPOINT_URL" "that of the region" "Where the bucket is, where that is not Amazon.";
        ENDPOINT_URL_S3 "AWS_ENDPOINT_URL_S3" "AWS_ENDPOINT_URL" "The same for S3 alone.";
        ALLOW_HTTP "AWS_ALLOW_HTTP" "false" "Speaks to the bucket without TLS, true or false.";
        VIRTUAL_HOSTED_STYLE "AWS_VIRTUAL_HOSTED_STYLE_REQUEST" "false"
            "Names the bucket in the host instead of the path, true or false.";
        S3_EXPRESS "AWS_S3_EXPRESS" "false" "Whether it is a directory bucket of S3 Express, true or false.";
        ROLE_ARN "AWS_ROLE_ARN" "none" "The role that a workload takes on by its token.";
        ROLE_SESSION_NAME "AWS_ROLE_SESSION_NAME" "one that is made" "What its sessions are called.";
        WEB_IDENTITY_TOKEN_FILE "AWS_WEB_IDENTITY_TOKEN_FILE" "none" "The file with the token of the workload.";
        ENDPOINT_URL_STS "AWS_ENDPOINT_URL_STS" "that of the region" "Where a role is taken on.";
        CONTAINER_RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" "none"
            "Where a container of ECS asks for keys.";
        CONTAINER_FULL_URI "AWS_CONTAINER_CREDENTIALS_FULL_URI" "none" "Where a pod of EKS asks for keys.";
        CONTAINER_TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" "none" "The file with the token that it shows there.";
        METADATA_ENDPOINT "AWS_METADATA_ENDPOINT" "that of the machine" "Where a machine asks for the keys of its role.";
        IMDSV1_FALLBACK "AWS_IMDSV1_FALLBACK" "false"
            "Asks there in the old way where the new one is not known, true or false.";
        SERVER_SIDE_ENCRYPTION "AWS_SERVER_SIDE_ENCRYPTION" "as the bucket does" "How objects are encrypted there: AES256, aws:kms, aws:kms:dsse or sse-c.";
        SSE_KMS_KEY_ID "AWS_SSE_KMS_KEY_ID" "that of the bucket" "The key of KMS that they are encrypted with.";
        SSE_BUCKET_KEY_ENABLED "AWS_SSE_BUCKET_KEY_ENABLED" "as the bucket does"
            "Whether they share a key of the bucket, true or false.";
        CHECKSUM_ALGORITHM "AWS_CHECKSUM_ALGORITHM" "none" "The checksum that objects are sent with: sha256.";
        UNSIGNED_PAYLOAD "AWS_UNSIGNED_PAYLOAD" "false" "Signs requests without their bodies, true or false.";
        SKIP_SIGNATURE "AWS_SKIP_SIGNATURE" "false" "Sends requests without a signature, true or false.";
        PROXY_URL "AWS_PROXY_URL" "none" "A proxy on the way to the bucket.";
        REQUEST_PAYER "AWS_REQUEST_PAYER" "false" "Pays for requests where the bucket is somebody else's, true or false.";
        CONDITIONAL_PUT "AWS_CONDITIONAL_PUT" "etag" "How an object is made that must not be there yet: etag, or disabled.";
        DISABLE_TAGGING "AWS_DISABLE_TAGGING" "false" "Sends no tags, true or false.";
    }
}
