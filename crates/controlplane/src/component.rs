//! The programs that a control plane is made of, and their versions.

use std::fmt;

/// The Kubernetes release of all components but etcd.
pub const KUBERNETES_VERSION: &str = "1.36.3";

/// The minor version of [`KUBERNETES_VERSION`], for the version skew that kubectl allows.
pub const KUBERNETES_MINOR: u32 = 36;

/// The etcd release; the same as in `go/go.mod`, which a test holds it to.
pub const ETCD_VERSION: &str = "3.6.8";

/// One program of the control plane, or kubectl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// The store of the API server.
    Etcd,
    /// The API server.
    ApiServer,
    /// The garbage collector, the namespace controller and the service account controller.
    ControllerManager,
    /// The command line client.
    Kubectl,
}

impl Component {
    /// Every component, in the order in which they are found and started.
    pub const ALL: [Self; 4] = [Self::Etcd, Self::ApiServer, Self::ControllerManager, Self::Kubectl];

    /// The name of the executable file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
        }
    }

    /// The Go package that the program is built from.
    pub(crate) fn go_package(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::ApiServer => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::ControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
        }
    }

    /// How long a first build takes on two cores, in words, when it follows the
    /// order of [`Component::ALL`] and shares its packages with those before it.
    pub(crate) fn build_time(self) -> &'static str {
        match self {
            Self::Etcd => "about 2 minutes",
            Self::ApiServer => "about 5 minutes",
            Self::ControllerManager => "about 2 minutes",
            Self::Kubectl => "about 1 minute",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_embedded_go_module() {
        let go_mod = include_str!("../go/go.mod");
        assert!(go_mod.contains(&format!("k8s.io/kubernetes v{KUBERNETES_VERSION} ")));
        assert!(go_mod.contains(&format!("go.etcd.io/etcd/server/v3 v{ETCD_VERSION} ")));
        assert!(KUBERNETES_VERSION.starts_with(&format!("1.{KUBERNETES_MINOR}.")));
    }

    #[test]
    fn every_package_is_a_tool_of_the_embedded_go_module() {
        let go_mod = include_str!("../go/go.mod");
        for component in Component::ALL {
            assert!(go_mod.contains(&format!("\t{}\n", component.go_package())), "{component}");
        }
    }
}
