//! What reaches the function: requests, commands, messages of a queue, the schedule's check.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use whatsapp_simulator::Fault;

use super::{Director, GRACE};
use crate::machine::{Machine, Riding};
use crate::oracle::{Answer, Begun, of_queue};
use crate::steps::{Ask, Message};
use crate::tokens::Carried;
use crate::world::{Broken, INSTANCES};

/// What an invocation came to, and the environment that it was in.
struct Invoked {
    answer: Result<String, Answer>,
    request_id: String,
    machine: Machine,
}

impl Director {
    pub(super) async fn leave(&mut self, ask: &Ask) -> Result<(), Broken> {
        let carried = self.world.tokens.carried(ask.instance, ask.bearer);
        let (tokens, changes) =
            (self.world.tokens.clone(), self.world.tokens.changes(ask.instance));
        let event = self.http(ask, &carried.secret);
        let identifiers = std::slice::from_ref(&ask.identifier);
        let (run, running) = self.begin(event, ask, identifiers, Some(carried)).await?;
        let (oracle, lines, instance) =
            (self.oracle.clone(), self.world.lines.clone(), ask.instance);
        self.under_way.push(tokio::spawn(async move {
            let Invoked { answer, request_id, machine } = running.await;
            let answer = answer.map_or_else(|answer| answer, |reply| Answer::read(&reply));
            let answer = oracle.read_line(answer, &lines.take(&request_id), "http");
            if tokens.changes(instance) != changes {
                oracle.token_changed(run);
            }
            oracle.end(run, answer, machine.seen());
        }));
        Ok(())
    }

    pub(super) async fn command(
        &mut self,
        identifiers: &[String],
        ask: &Ask,
    ) -> Result<(), Broken> {
        let (account, name, _) = INSTANCES[ask.instance];
        let event = json!({
            "action": "leave", "account": account, "instance": name, "identifiers": identifiers,
        });
        let (run, running) = self.begin(event, ask, identifiers, None).await?;
        let (oracle, lines) = (self.oracle.clone(), self.world.lines.clone());
        self.under_way.push(tokio::spawn(async move {
            let Invoked { answer, request_id, machine } = running.await;
            let answer = answer.map_or_else(|answer| answer, |reply| Answer::read(&reply));
            let answer = oracle.read_line(answer, &lines.take(&request_id), "command");
            oracle.end(run, answer, machine.seen());
        }));
        Ok(())
    }

    pub(super) async fn queue(&mut self, messages: &[Message], ask: &Ask) -> Result<(), Broken> {
        let records = messages.iter().enumerate().map(|(number, message)| {
            let (account, name, _) = INSTANCES[message.instance];
            let body = json!({"action": "leave", "account": account, "instance": name,
                "identifiers": message.identifiers});
            json!({"messageId": format!("message-{number}"), "receiptHandle": "handle",
                "body": body.to_string(), "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs", "awsRegion": "eu-west-1"})
        });
        let event = json!({"Records": records.collect::<Vec<_>>()});
        let asked: BTreeSet<usize> = messages.iter().map(|message| message.instance).collect();
        let of_each: Vec<(usize, Vec<String>)> = asked
            .into_iter()
            .map(|instance| {
                let its = messages.iter().filter(|message| message.instance == instance);
                (instance, its.flat_map(|message| message.identifiers.clone()).collect())
            })
            .collect();
        let running = self.invoke(event, ask).await?;
        let request_id = format!("request-{}", self.requests);
        let runs = of_each.iter().map(|(instance, identifiers)| {
            let begun = Begun {
                ask,
                instance: *instance,
                identifiers,
                request_id: &request_id,
                carried: None,
                is_queued: true,
            };
            (self.oracle.begin(begun, &self.world), *instance)
        });
        let runs: Vec<(u64, usize)> = runs.collect();
        self.trace.note(|| format!("    runs {runs:?}"));
        let (oracle, lines) = (self.oracle.clone(), self.world.lines.clone());
        let messages = messages.to_vec();
        self.under_way.push(tokio::spawn(async move {
            let Invoked { answer, request_id, machine } = running.await;
            let lines = lines.take(&request_id);
            if let Ok(reply) = &answer {
                oracle.read_queue(reply, &lines, &messages);
            }
            for (run, instance) in runs {
                let its = match &answer {
                    Ok(_) => of_queue(instance, &lines).unwrap_or(Answer::Crashed),
                    Err(answer) => answer.clone(),
                };
                oracle.end(run, its, machine.seen());
            }
        }));
        Ok(())
    }

    pub(super) async fn check(&mut self, ask: &Ask) -> Result<(), Broken> {
        let running = self.invoke(json!({"action": "check"}), ask).await?;
        let visits: Vec<usize> =
            (0..INSTANCES.len()).map(|instance| self.oracle.visit(instance, None)).collect();
        let (oracle, lines) = (self.oracle.clone(), self.world.lines.clone());
        self.under_way.push(tokio::spawn(async move {
            let Invoked { answer, request_id, machine } = running.await;
            let lines = lines.take(&request_id);
            oracle.read_check(&answer, &lines, &machine.seen());
            for visit in visits {
                oracle.visited(visit, None, answer.is_ok());
            }
        }));
        Ok(())
    }

    /// Begins a run of one instance. Returns its number, and what becomes of it.
    async fn begin(
        &mut self,
        event: Value,
        ask: &Ask,
        identifiers: &[String],
        carried: Option<Carried>,
    ) -> Result<(u64, impl Future<Output = Invoked> + Send + use<>), Broken> {
        let running = self.invoke(event, ask).await?;
        let begun = Begun {
            ask,
            instance: ask.instance,
            identifiers,
            request_id: &format!("request-{}", self.requests),
            carried,
            is_queued: false,
        };
        let run = self.oracle.begin(begun, &self.world);
        self.trace.note(|| format!("    run {run}"));
        Ok((run, running))
    }

    /// Hands an event to an environment that does nothing.
    async fn invoke(
        &mut self,
        event: Value,
        ask: &Ask,
    ) -> Result<impl Future<Output = Invoked> + Send + use<>, Broken> {
        let free = self.free().await?;
        let environment = &self.environments[free];
        let (machine, service) = (environment.machine.clone(), Arc::clone(&environment.service));
        let is_busy = Arc::clone(&environment.is_busy);
        *is_busy.lock().unwrap_or_else(PoisonError::into_inner) = true;
        for fault in &ask.server {
            self.script(fault);
        }
        self.requests += 1;
        let request_id = format!("request-{}", self.requests);
        machine.begin(ask.trouble.outage);
        let event = RawValue::from_string(event.to_string())?;
        let invocation =
            Invocation { request_id: request_id.clone(), trace_id: None, remaining: ask.remaining };
        // Nobody's clock goes on while a whole machine stands still.
        let frozen = ask.trouble.freeze.map_or(Duration::ZERO, |(_, long)| long);
        let (trouble, limit) = (ask.trouble, ask.remaining + GRACE + frozen);
        let trace = self.trace.clone();
        self.trace.note(|| format!("    {request_id} on machine {}", machine.number()));
        Ok(async move {
            let handling = handle(service, event, invocation);
            let ended = tokio::time::timeout(limit, Riding::new(&machine, trouble, handling)).await;
            let answer = match ended {
                Ok(Some(Ok(reply))) => Ok(reply),
                Ok(Some(Err(error))) => Err(Answer::Failed(error)),
                Ok(None) => Err(Answer::Crashed),
                Err(_) => Err(Answer::Killed),
            };
            trace.note(|| format!("    {request_id}: {answer:?}"));
            *is_busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
            Invoked { answer, request_id, machine }
        })
    }

    /// WhatsApp is to do something odd.
    pub(super) fn script(&self, fault: &Fault) {
        self.world.chat.script(fault.clone());
        self.oracle.scripted(fault);
    }
}

async fn handle(
    service: Arc<Service>,
    event: Box<RawValue>,
    invocation: Invocation,
) -> Result<String, String> {
    let handled = entry::handle(&service, &event, invocation).await;
    handled.map(|reply| reply.get().to_owned()).map_err(|error| error.to_string())
}
