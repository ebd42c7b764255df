//! What outlives a request: what every run stands on, the gate, the CORS allow-list, and
//! where a request's line goes. Built once per environment.

use std::sync::Arc;

use domain::clock::Clock;
use operation::engine::{Engine, Ports, StartError};
use store::gate::Gate;

use crate::config::{Config, Origins};
use crate::report::Reporter;

/// Everything a request needs.
pub struct Service {
    /// What every run stands on.
    pub engine: Engine,
    /// Token and limit.
    pub gate: Gate,
    /// The CORS allow-list.
    pub origins: Origins,
    /// Where a request's line goes.
    pub reporter: Reporter,
}

impl Service {
    /// From a configuration, on the given clock. Connects to nothing.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        Ok(Self::of(Engine::new(&config.operation, clock)?, config))
    }

    /// The same, through other ports.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn through(
        config: &Config,
        clock: Arc<dyn Clock>,
        ports: Ports,
    ) -> Result<Self, StartError> {
        Ok(Self::of(Engine::through(&config.operation, clock, ports)?, config))
    }

    fn of(engine: Engine, config: &Config) -> Self {
        Self {
            gate: Gate::new(engine.table.clone(), Arc::clone(&engine.clock)),
            origins: config.allowed_origins.clone(),
            reporter: Reporter::silent(),
            engine,
        }
    }

    /// The same, with a line for each request.
    #[must_use]
    pub fn reporting(self, reporter: Reporter) -> Self {
        Self { reporter, ..self }
    }
}
