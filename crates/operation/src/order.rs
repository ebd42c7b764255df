//! What a caller orders: one of their instances to leave some groups.

use domain::group::GroupJid;
use domain::idempotency::IdempotencyKey;
use domain::identifier::Identifier;
use domain::problem::Problem;
use domain::tenant::{InstanceId, InstanceName};
use domain::token::Scope;
use store::gate::Caller;
use store::session::KeptAnswer;

/// A checked order. There is no other way to name an instance to the leave
/// operation, so no caller reaches an instance of another account.
///
/// ```compile_fail
/// use operation::order::Order;
/// let forged = Order { instance: todo!(), identifiers: vec![], idempotency: None, request_id: String::new() };
/// ```
#[derive(Debug)]
pub struct Order {
    instance: InstanceId,
    identifiers: Vec<Result<Identifier, Problem>>,
    idempotency: Option<Idempotency>,
    request_id: String,
}

/// A request that is answered once: the first settled answer is kept under its key, and
/// given again.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// How a result is written, so that what is given again is the same to the byte.
    pub render: fn(Result<&GroupJid, Problem>) -> KeptAnswer,
}

impl Order {
    /// Of `caller`, for `name`, an instance of their account.
    ///
    /// # Errors
    /// [`Problem::ForeignInstance`] when the token is for another instance,
    /// whether or not that name exists.
    pub fn of_caller(
        caller: &Caller,
        name: InstanceName,
        identifiers: Vec<Result<Identifier, Problem>>,
        idempotency: Option<Idempotency>,
        request_id: String,
    ) -> Result<Order, Problem> {
        match caller.scope() {
            Scope::Account => {}
            Scope::Instance(own) if *own == name => {}
            Scope::Instance(_) => return Err(Problem::ForeignInstance),
        }
        let instance = InstanceId { account: caller.account().clone(), name };
        Ok(Self { instance, identifiers, idempotency, request_id })
    }

    /// An order that came as a typed command, or that an operator gives with the table's
    /// own credentials. IAM decides who may invoke the function and who may use the table,
    /// so there is no token, and no way from an HTTP request to here.
    pub fn commanded(
        instance: InstanceId,
        identifiers: Vec<Result<Identifier, Problem>>,
        request_id: String,
    ) -> Self {
        Self { instance, identifiers, idempotency: None, request_id }
    }

    /// The instance.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// The identifiers in order, the refused ones included.
    pub fn identifiers(&self) -> &[Result<Identifier, Problem>] {
        &self.identifiers
    }

    /// The `Idempotency-Key`, if there was one.
    pub fn idempotency(&self) -> Option<&Idempotency> {
        self.idempotency.as_ref()
    }

    /// The request's id, for the history.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}
