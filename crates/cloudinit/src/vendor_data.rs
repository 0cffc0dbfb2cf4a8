//! `vendor-data`: cloud-config that comes before the operator's own, which overrides it.
//!
//! All that is in it is the report: cloud-init's module `phone_home`, the last that it runs, sends a POST request.

use crate::quote::quoted;

/// The part. `report_url` is where the machine says that it is up, where cloud-init is to do that; the operator may have
/// said it in another way.
pub fn vendor_data(report_url: Option<&str>) -> String {
    match report_url {
        Some(url) => format!(
            "#cloud-config\n# When cloud-init has done all of its work, the machine says that it is up.\n\
             phone_home:\n  url: {}\n  post: [hostname, instance_id]\n  tries: 10\n",
            quoted(url)
        ),
        None => "#cloud-config\n{}\n".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reports_where_asked_to() {
        assert!(vendor_data(Some("http://10.20.0.1:8080/r/T")).contains("url: \"http://10.20.0.1:8080/r/T\"\n"));
        assert!(!vendor_data(None).contains("phone_home"));
    }
}
