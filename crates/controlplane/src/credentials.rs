//! What the components and their clients prove themselves with: made afresh for
//! each control plane, kept in its folder, gone with it.

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The name of the cluster, the user and the context in the kubeconfig.
pub(crate) const CONTEXT: &str = "apivideo-controlplane";

/// Why no credentials could be made.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The system gave no randomness.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// A key or a certificate could not be made.
    #[error("a key or certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
}

/// The certificates, keys and the token of one control plane. No `Debug`: most of
/// it is secret.
pub(crate) struct Credentials {
    /// The certificate that the API server's own is verified with.
    pub(crate) ca_pem: String,
    pub(crate) serving_pem: String,
    pub(crate) serving_key_pem: String,
    /// Signs service account tokens (ES256).
    pub(crate) service_account_key_pem: String,
    /// Verifies them. kube-apiserver does not derive it from a PKCS #8 private key.
    pub(crate) service_account_public_pem: String,
    /// Authenticates as a member of `system:masters`.
    pub(crate) token: String,
}

impl Credentials {
    pub(crate) fn generate() -> Result<Self, CredentialsError> {
        let mut ca_params = CertificateParams::default();
        ca_params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca_params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca_params.distinguished_name.push(DnType::CommonName, "apivideo-controlplane-ca");
        let ca_key = KeyPair::generate()?;
        let ca_pem = ca_params.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca_params, ca_key);

        let names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
        let mut names: Vec<String> = names.map(str::to_owned).into();
        names.push(Ipv4Addr::LOCALHOST.to_string());
        let mut serving = CertificateParams::new(names)?;
        serving.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        serving.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        serving.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        serving.use_authority_key_identifier_extension = true;
        let serving_key = KeyPair::generate()?;
        let serving_pem = serving.signed_by(&serving_key, &issuer)?.pem();

        let service_account_key = KeyPair::generate()?;
        Ok(Self {
            ca_pem,
            serving_pem,
            serving_key_pem: serving_key.serialize_pem(),
            service_account_key_pem: service_account_key.serialize_pem(),
            service_account_public_pem: service_account_key.public_key_pem(),
            token: random_token()?,
        })
    }

    /// The file that `--token-auth-file` takes.
    pub(crate) fn token_file(&self) -> String {
        format!("{},admin,admin,system:masters\n", self.token)
    }

    /// A kubeconfig that needs no other file.
    pub(crate) fn kubeconfig(&self, server: &str) -> String {
        let ca = base64::engine::general_purpose::STANDARD.encode(&self.ca_pem);
        let token = &self.token;
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {CONTEXT}\n\
             clusters:\n- name: {CONTEXT}\n  cluster:\n    server: {server}\n    certificate-authority-data: {ca}\n\
             users:\n- name: {CONTEXT}\n  user:\n    token: {token}\n\
             contexts:\n- name: {CONTEXT}\n  context:\n    cluster: {CONTEXT}\n    user: {CONTEXT}\n    namespace: default\n"
        )
    }
}

/// 128 random bits in hexadecimal.
fn random_token() -> Result<String, CredentialsError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(CredentialsError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a new file that only its owner can read, from its first byte on.
pub(crate) fn write_private(path: &Path, contents: &str) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(contents.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_private_file_is_readable_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        write_private(&path, "secret").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_control_planes_share_no_secret() {
        let (one, other) = (Credentials::generate().unwrap(), Credentials::generate().unwrap());
        assert_ne!(one.token, other.token);
        assert_ne!(one.service_account_key_pem, other.service_account_key_pem);
        assert_ne!(one.serving_key_pem, other.serving_key_pem);
        assert_eq!(one.token.len(), 32);
    }

    #[test]
    fn the_kubeconfig_verifies_the_server_and_names_the_context() {
        let credentials = Credentials::generate().unwrap();
        let yaml = credentials.kubeconfig("https://127.0.0.1:6443");
        assert!(yaml.contains("server: https://127.0.0.1:6443\n"));
        assert!(yaml.contains("certificate-authority-data: "));
        assert!(!yaml.contains("insecure-skip-tls-verify"));
        assert!(yaml.contains("current-context: apivideo-controlplane\n"));
    }
}
