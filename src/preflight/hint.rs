//! What to do about an error of the API server.

use kube::CustomResourceExt;

use crate::crd::{INSTALL, LiveStream};

/// What mends an error of the API server, where that is known.
pub fn hint(error: &kube::Error) -> Option<String> {
    let kube::Error::Api(status) = error else { return None };
    let crd = LiveStream::crd_name();
    match status.code {
        404 => Some(format!("the CRD {crd} is not installed; install it with: {INSTALL}")),
        401 => Some(
            "the cluster does not accept the credentials; check KUBECONFIG or the service account".into(),
        ),
        403 => Some(format!("no right to list and watch {crd}; grant the operator's service account both")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    fn answered(code: u16) -> kube::Error {
        kube::Error::Api(Box::new(Status { code, ..Status::default() }))
    }

    #[test]
    fn a_missing_crd_or_right_comes_with_its_hint() {
        assert!(hint(&answered(404)).is_some_and(|text| text.contains("apivideo-operator crd")));
        assert!(hint(&answered(403)).is_some_and(|text| text.contains("list and watch")));
        assert_eq!(hint(&answered(500)), None);
    }
}
