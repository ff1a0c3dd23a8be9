//! What to do about an error of the API server.

use kube::CustomResourceExt;

use crate::kinds::{INSTALL, LiveStream};

/// What to do about an error of the API server, if that is known.
#[must_use]
pub fn hint(error: &kube::Error) -> Option<String> {
    let kube::Error::Api(status) = error else { return None };
    let crd = LiveStream::crd_name();
    match status.code {
        404 => Some(format!("the CRD {crd} is not installed; install it with: {INSTALL}")),
        401 => Some("the API server rejects the credentials; check KUBECONFIG or the service account".into()),
        403 => Some(format!(
            "no permission to list and watch {crd}; grant both to the operator's service account"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    fn error(code: u16) -> kube::Error {
        kube::Error::Api(Box::new(Status { code, ..Status::default() }))
    }

    #[test]
    fn a_missing_crd_or_permission_comes_with_a_hint() {
        assert!(hint(&error(404)).is_some_and(|text| text.contains("apivideo-operator crd")));
        assert!(hint(&error(403)).is_some_and(|text| text.contains("list and watch")));
        assert_eq!(hint(&error(500)), None);
    }
}
