//! The command lines of the components.

use std::path::Path;

/// The ports of one attempt to start, on loopback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) api_server: u16,
}

/// The files in the folder of a control plane.
pub(crate) mod file {
    pub(crate) const KUBECONFIG: &str = "kubeconfig";
    pub(crate) const TOKENS: &str = "tokens.csv";
    pub(crate) const SERVING: &str = "apiserver.crt";
    pub(crate) const SERVING_KEY: &str = "apiserver.key";
    pub(crate) const SERVICE_ACCOUNT_KEY: &str = "service-account.key";
    pub(crate) const SERVICE_ACCOUNT_PUBLIC: &str = "service-account.pub";
}

/// etcd: nothing in it shall survive, so it needn't wait for the disk.
pub(crate) fn etcd(dir: &Path, ports: Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    vec![
        format!("--data-dir={}", dir.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        // The only member needs no fixed port for others.
        "--listen-peer-urls=http://127.0.0.1:0".into(),
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
    ]
}

/// kube-apiserver, as a cluster has it, but for the single etcd and the static token.
pub(crate) fn api_server(dir: &Path, ports: Ports, extra: &[String]) -> Vec<String> {
    let path = |name: &str| dir.join(name).display().to_string();
    let mut args = vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        // The folder's name is unique. Should another control plane's etcd get this
        // port at the last moment, nothing of the two can mix until it is noticed.
        format!("--etcd-prefix=/{}", dir.file_name().unwrap_or_default().display()),
        "--bind-address=127.0.0.1".into(),
        "--advertise-address=127.0.0.1".into(),
        format!("--secure-port={}", ports.api_server),
        format!("--cert-dir={}", dir.display()),
        format!("--tls-cert-file={}", path(file::SERVING)),
        format!("--tls-private-key-file={}", path(file::SERVING_KEY)),
        format!("--token-auth-file={}", path(file::TOKENS)),
        "--authorization-mode=RBAC".into(),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".into(),
        format!("--service-account-key-file={}", path(file::SERVICE_ACCOUNT_PUBLIC)),
        format!("--service-account-signing-key-file={}", path(file::SERVICE_ACCOUNT_KEY)),
        "--service-cluster-ip-range=10.0.0.0/24".into(),
        // A loopback address may not stand in the endpoints of a service.
        "--endpoint-reconciler-type=none".into(),
    ];
    args.extend_from_slice(extra);
    args
}

/// kube-controller-manager with what makes deletion real: owner references,
/// namespaces, and a service account in each namespace.
pub(crate) fn controller_manager(dir: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", dir.join(file::KUBECONFIG).display()),
        "--controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller".into(),
        "--leader-elect=false".into(),
        // It serves metrics to nobody here.
        "--secure-port=0".into(),
    ]
}
