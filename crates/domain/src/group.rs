//! Groups as WhatsApp names them: their JID and their kind.

use std::fmt;
use std::str::FromStr;

/// The server part of every group's JID.
const GROUP_SERVER: &str = "g.us";
/// Longest user part that is accepted. WhatsApp's are up to 18 digits, or a
/// phone number and a time joined by `-`: 15 + 1 + 10.
const LONGEST_USER: usize = 40;

/// A group's JID, `120363406289005073@g.us` or the older `5511999990000-1600000000@g.us`.
///
/// ```
/// use domain::group::GroupJid;
/// let jid: GroupJid = "120363406289005073@g.us".parse().unwrap();
/// assert_eq!(jid.to_string(), "120363406289005073@g.us");
/// assert!("120363406289005073@s.whatsapp.net".parse::<GroupJid>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupJid(String);

/// The text is no group JID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a group JID")]
pub struct NotAGroupJid;

impl GroupJid {
    /// From the part before the `@`: digits, or digits-digits.
    ///
    /// # Errors
    /// When `user` is anything else.
    pub fn from_user(user: &str) -> Result<Self, NotAGroupJid> {
        if user.len() > LONGEST_USER
            || !user.split('-').all(is_digits)
            || user.split('-').count() > 2
        {
            return Err(NotAGroupJid);
        }
        Ok(Self(format!("{user}@{GROUP_SERVER}")))
    }

    /// The whole JID.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn user(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

fn is_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

impl FromStr for GroupJid {
    type Err = NotAGroupJid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, server) = text.split_once('@').ok_or(NotAGroupJid)?;
        if server != GROUP_SERVER {
            return Err(NotAGroupJid);
        }
        Self::from_user(user)
    }
}

impl fmt::Display for GroupJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GroupJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a group is to WhatsApp. Told by child elements of its metadata:
/// `<parent/>`, `<linked_parent jid/>`, `<default_sub_group/>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupKind {
    /// A group of its own.
    Group,
    /// A parent of linked groups. It is left with `<linked_groups>`.
    Community,
    /// A group linked to a community; the parent is unknown when a stored row lacks it.
    Subgroup {
        /// The community.
        parent: Option<GroupJid>,
    },
    /// A community's announcement group, which WhatsApp does not let be left alone.
    Announcement {
        /// The community.
        parent: Option<GroupJid>,
    },
}

impl GroupKind {
    /// The name under which it is stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Community => "community",
            Self::Subgroup { .. } => "subgroup",
            Self::Announcement { .. } => "announcement",
        }
    }

    /// Back from what is stored; `None` for a name that is not ours.
    pub fn from_name(name: &str, parent: Option<GroupJid>) -> Option<Self> {
        match name {
            "group" => Some(Self::Group),
            "community" => Some(Self::Community),
            "subgroup" => Some(Self::Subgroup { parent }),
            "announcement" => Some(Self::Announcement { parent }),
            _ => None,
        }
    }

    /// The community that it belongs to, when it is known.
    pub fn parent(&self) -> Option<&GroupJid> {
        match self {
            Self::Subgroup { parent } | Self::Announcement { parent } => parent.as_ref(),
            Self::Group | Self::Community => None,
        }
    }
}

/// A group together with its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its JID.
    pub jid: GroupJid,
    /// Its kind.
    pub kind: GroupKind,
}
