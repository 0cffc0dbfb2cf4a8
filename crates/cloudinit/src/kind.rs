//! What a part of user-data is, by its first line, as cloud-init's `handlers.type_from_starts_with` tells it.

/// The kinds of user-data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `#cloud-config`: YAML.
    CloudConfig,
    /// `#cloud-config-archive`: a YAML list of parts.
    Archive,
    /// `#cloud-config-jsonp`: a JSON patch for what came before.
    JsonPatch,
    /// `#!`: a script, run at the end of the first boot.
    Script,
    /// `#cloud-boothook`: a script, run early at each boot.
    Boothook,
    /// `#include` or `#include-once`: URLs to fetch parts from.
    Include,
    /// `#part-handler`: Python that takes further kinds of parts.
    PartHandler,
    /// `## template: jinja`: cloud-init fills it in on the machine; what it is then says its second line.
    Jinja,
    /// A MIME message of several parts.
    Mime,
}

impl Kind {
    /// The kind of a text. `None` where cloud-init would not know what to do with it and ignore it.
    ///
    /// ```
    /// use firstlight_cloudinit::Kind;
    /// assert_eq!(Kind::of("#cloud-config\npackages: [vim]\n"), Some(Kind::CloudConfig));
    /// assert_eq!(Kind::of("packages: [vim]\n"), None);
    /// ```
    pub fn of(text: &str) -> Option<Kind> {
        let starts: [(&str, Kind); 9] = [
            // The longer ones first.
            ("#cloud-config-archive", Kind::Archive),
            ("#cloud-config-jsonp", Kind::JsonPatch),
            ("#cloud-config", Kind::CloudConfig),
            ("#cloud-boothook", Kind::Boothook),
            ("#part-handler", Kind::PartHandler),
            ("#include", Kind::Include),
            ("## template: jinja", Kind::Jinja),
            ("#!", Kind::Script),
            ("Content-Type: multipart/", Kind::Mime),
        ];
        let text = text.trim_start();
        let starts_with = |start: &str| text.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start));
        let found = starts.into_iter().find(|(start, _)| starts_with(start)).map(|(_, kind)| kind);
        found.or_else(|| head(text).contains("mime-version:").then_some(Kind::Mime))
    }

    /// What a template is once it is filled in: the kind by its second line. Any other kind is what it is.
    pub(crate) fn inner(self, text: &str) -> Option<Kind> {
        match self {
            Kind::Jinja => Kind::of(text.trim_start().split_once('\n')?.1),
            kind => Some(kind),
        }
    }

    /// Its MIME type, by which cloud-init finds who takes it.
    pub(crate) fn mime_type(self) -> &'static str {
        match self {
            Kind::CloudConfig => "text/cloud-config",
            Kind::Archive => "text/cloud-config-archive",
            Kind::JsonPatch => "text/cloud-config-jsonp",
            Kind::Script => "text/x-shellscript",
            Kind::Boothook => "text/cloud-boothook",
            Kind::Include => "text/x-include-url",
            Kind::PartHandler => "text/part-handler",
            Kind::Jinja => "text/jinja2",
            Kind::Mime => "multipart/mixed",
        }
    }

    /// How it begins.
    pub fn first_line(self) -> &'static str {
        match self {
            Kind::CloudConfig => "#cloud-config",
            Kind::Archive => "#cloud-config-archive",
            Kind::JsonPatch => "#cloud-config-jsonp",
            Kind::Script => "#!",
            Kind::Boothook => "#cloud-boothook",
            Kind::Include => "#include",
            Kind::PartHandler => "#part-handler",
            Kind::Jinja => "## template: jinja",
            Kind::Mime => "Content-Type: multipart/mixed",
        }
    }
}

/// The headers of what may be a message: all before the first empty line, in lower case.
fn head(text: &str) -> String {
    let end = text.find("\n\n").or_else(|| text.find("\r\n\r\n")).unwrap_or(0);
    text.get(..end.min(4096)).unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_word_wins() {
        assert_eq!(Kind::of("#cloud-config-archive\n- a"), Some(Kind::Archive));
        assert_eq!(Kind::of("#cloud-config\na: 1"), Some(Kind::CloudConfig));
        assert_eq!(Kind::of("\n#!/bin/sh\n"), Some(Kind::Script));
        assert_eq!(Kind::of("#include-once\nhttp://a/b"), Some(Kind::Include));
    }

    #[test]
    fn a_message_is_known_by_its_headers() {
        assert_eq!(Kind::of("MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--b"), Some(Kind::Mime));
        assert_eq!(Kind::of("a text\n\nabout mime-version: 1.0"), None);
    }

    #[test]
    fn a_template_is_what_its_second_line_says() {
        let text = "## template: jinja\n#cloud-config\na: {{ v1.region }}\n";
        assert_eq!(Kind::of(text), Some(Kind::Jinja));
        assert_eq!(Kind::Jinja.inner(text), Some(Kind::CloudConfig));
        assert_eq!(Kind::Jinja.inner("## template: jinja"), None);
    }
}
