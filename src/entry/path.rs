//! The one route: `[/<stage or base path>]/api/group/leave/{instance}[/]`.

use domain::problem::Problem;
use domain::tenant::InstanceName;

use super::encoding;

/// The instance that the path names.
///
/// # Errors
/// [`Problem::Malformed`] when the path or the name cannot be decoded or is no
/// instance's, [`Problem::RouteNotFound`] for any other path.
pub(super) fn instance(path: &str, is_encoded: bool) -> Result<InstanceName, Problem> {
    if is_encoded && encoding::percent(path).is_none() {
        return Err(Problem::Malformed);
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    // A slash inside the name is still encoded here, or was a separator.
    let mut segments = path.rsplit('/');
    let name = segments.next().unwrap_or_default();
    let route = [segments.next(), segments.next(), segments.next()];
    let begins_with_slash = segments.next().is_some();
    if route != [Some("leave"), Some("group"), Some("api")] || !begins_with_slash {
        return Err(Problem::RouteNotFound);
    }
    let name = if is_encoded { encoding::percent(name) } else { Some(name.to_owned()) };
    name.and_then(|name| name.parse().ok()).ok_or(Problem::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_an_instance_and_decodes_once() {
        let longest = "x".repeat(128);
        let cases = [
            ("/api/group/leave/sales", true, Ok("sales")),
            ("/api/group/leave/sales/", true, Ok("sales")),
            ("/prod/api/group/leave/sales", false, Ok("sales")),
            ("/a/base/api/group/leave/sales", true, Ok("sales")),
            ("/api/group/leave/my%20shop", true, Ok("my shop")),
            ("/api/group/leave/my shop", false, Ok("my shop")),
            ("/api/group/leave/a%2Bb+c", true, Ok("a+b+c")),
            ("/api/group/leave/100%25", true, Err(Problem::Malformed)),
            ("/api/group/leave/100%", false, Err(Problem::Malformed)),
            ("/api/group/leave/%2525", true, Err(Problem::Malformed)),
            ("/api/group/leave/a%2520b", true, Err(Problem::Malformed)),
            ("/api/group/leave/..", true, Err(Problem::Malformed)),
            ("/api/group/leave/a%2Fb", true, Err(Problem::Malformed)),
            ("/api/group/leave/a/b", true, Err(Problem::RouteNotFound)),
            ("/api/group/leave/%zz", true, Err(Problem::Malformed)),
            ("/api/group/leave/%ff", true, Err(Problem::Malformed)),
            ("/api/group/leave/a%0Ab", true, Err(Problem::Malformed)),
            ("/api/group/leave/", true, Err(Problem::RouteNotFound)),
            ("/api/group/leave", true, Err(Problem::RouteNotFound)),
            ("api/group/leave/sales", true, Err(Problem::RouteNotFound)),
            ("/api/group/join/sales", true, Err(Problem::RouteNotFound)),
            ("/", true, Err(Problem::RouteNotFound)),
            ("", true, Err(Problem::RouteNotFound)),
        ];
        for (path, is_encoded, expected) in cases {
            let found = instance(path, is_encoded);
            assert_eq!(
                found.as_ref().map(InstanceName::as_str).map_err(|p| *p),
                expected,
                "{path}"
            );
        }
        assert!(instance(&format!("/api/group/leave/{longest}"), true).is_ok());
        let too_long = format!("/api/group/leave/{longest}x");
        assert_eq!(instance(&too_long, true), Err(Problem::Malformed));
    }
}
