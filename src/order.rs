//! What a caller orders: one of their instances to leave some groups.

use crate::gate::{Caller, Scope};
use crate::identifier::{Identifier, IdentifierError};
use crate::problem::Problem;
use crate::tenant::{InstanceId, InstanceName};

/// A checked order. There is no other way to name an instance to the leave
/// operation, so no caller reaches an instance of another account.
///
/// ```compile_fail
/// use leave_group::order::Order;
/// let forged = Order { instance: todo!(), identifiers: vec![], idempotency: None, request_id: String::new() };
/// ```
#[derive(Debug)]
pub struct Order {
    instance: InstanceId,
    identifiers: Vec<Result<Identifier, Problem>>,
    idempotency: Option<IdempotencyKey>,
    request_id: String,
}

/// An `Idempotency-Key`: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes a header's value; `None` when it cannot be a key.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Caller {
    /// Orders `name`, an instance of the caller's account, to leave.
    ///
    /// # Errors
    /// [`Problem::ForeignInstance`] when the token is for another instance,
    /// whether or not that name exists.
    pub fn order(
        &self,
        name: InstanceName,
        identifiers: Vec<Result<Identifier, Problem>>,
        idempotency: Option<IdempotencyKey>,
        request_id: String,
    ) -> Result<Order, Problem> {
        match self.scope() {
            Scope::Account => {}
            Scope::Instance(own) if *own == name => {}
            Scope::Instance(_) => return Err(Problem::ForeignInstance),
        }
        let instance = InstanceId { account: self.account().clone(), name };
        Ok(Order { instance, identifiers, idempotency, request_id })
    }
}

impl Order {
    /// An order that came as a typed command. IAM decides who may invoke the
    /// function, so there is no token, and no way from an HTTP request to here.
    pub(crate) fn commanded(
        instance: InstanceId,
        identifiers: Vec<Result<Identifier, Problem>>,
        request_id: String,
    ) -> Self {
        Self { instance, identifiers, idempotency: None, request_id }
    }
}

impl From<IdentifierError> for Problem {
    fn from(error: IdentifierError) -> Self {
        match error {
            IdentifierError::Blank => Self::IdentifierRequired,
            IdentifierError::Invalid => Self::IdentifierInvalid,
        }
    }
}

impl Order {
    /// The instance.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// The identifiers in order, the refused ones included.
    pub fn identifiers(&self) -> &[Result<Identifier, Problem>] {
        &self.identifiers
    }

    /// The `Idempotency-Key`, if there was one.
    pub fn idempotency(&self) -> Option<&IdempotencyKey> {
        self.idempotency.as_ref()
    }

    /// The request's id, for the history.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}
