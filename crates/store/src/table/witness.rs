//! What every call tells: the clock, what time it is where the table is; the
//! request's line, how many calls there were.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use aws_smithy_types::date_time::Format;
use domain::clock::Clock;

/// When an attempt was sent.
#[derive(Debug)]
struct Sent(SystemTime);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

/// Counts attempts, and tells the clock the `Date` of each answer.
#[derive(Debug)]
pub(super) struct Witness {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) calls: Arc<AtomicU64>,
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "Witness"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        state.interceptor_state().store_put(Sent(SystemTime::now()));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date =
            date.and_then(|date| aws_smithy_types::DateTime::from_str(date, Format::HttpDate).ok());
        if let (Some(date), Some(Sent(sent))) = (date, state.load::<Sent>()) {
            self.clock.observe(date.secs(), *sent);
        }
        Ok(())
    }
}
