//! Connections to one Redis server or to a cluster.

use super::script::Script;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::OnceCell,
    time::{sleep, timeout},
};

/// Timeout for connecting.
const CONNECT: Duration = Duration::from_secs(1);

/// Timeout for a response, including the time that Redis waits for its disk.
const ANSWER: Duration = Duration::from_secs(5);

/// How often a cluster is polled for new events.
const ASK: Duration = Duration::from_millis(100);

pub(super) enum Link {
    One {
        client: Client,
        manager: OnceCell<ConnectionManager>,
        /// An idle connection for blocking reads: while it blocks, it can do nothing else.
        idle: Mutex<Option<MultiplexedConnection>>,
    },
    Cluster {
        client: ClusterClient,
        connection: OnceCell<ClusterConnection>,
    },
}

impl Link {
    pub(super) const fn one(client: Client) -> Self {
        Self::One {
            client,
            manager: OnceCell::const_new(),
            idle: Mutex::new(None),
        }
    }

    pub(super) const fn cluster(client: ClusterClient) -> Self {
        let connection = OnceCell::const_new();
        Self::Cluster { client, connection }
    }

    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Script<'_>,
    ) -> Result<T, RedisError> {
        match self.ask(&script.command(true)).await {
            Err(error) if error.code() == Some("NOSCRIPT") => {
                self.ask(&script.command(false)).await
            }
            answer => answer,
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let asked = async {
            match self {
                Self::One {
                    client, manager, ..
                } => {
                    let make = || async {
                        // It keeps reconnecting by itself, and callers retry, too.
                        let config = ConnectionManagerConfig::new()
                            .set_connection_timeout(Some(CONNECT))
                            .set_response_timeout(Some(ANSWER))
                            .set_number_of_retries(1);
                        ConnectionManager::new_lazy_with_config(client.clone(), config)
                    };
                    let mut manager = manager.get_or_try_init(make).await?.clone();
                    command.query_async(&mut manager).await
                }
                Self::Cluster { client, connection } => {
                    let make = || client.get_async_connection();
                    let mut connection = connection.get_or_try_init(make).await?.clone();
                    command.query_async(&mut connection).await
                }
            }
        };
        // Includes connecting.
        timeout(ANSWER + CONNECT, asked)
            .await
            .unwrap_or_else(|_| Err(timed_out()))
    }

    /// Creates the consumer group, which starts with the existing entries.
    pub(super) async fn make_group(&self, events: &str, group: &str) -> Result<(), RedisError> {
        let mut command = redis::cmd("XGROUP");
        command
            .arg("CREATE")
            .arg(events)
            .arg(group)
            .arg("0")
            .arg("MKSTREAM");
        match self.ask::<()>(&command).await {
            // Another process was first.
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            made => made,
        }
    }

    /// Waits until the stream has an entry after this one.
    pub(super) async fn wait(
        &self,
        events: &str,
        behind: &str,
        at_most: Duration,
    ) -> Result<(), RedisError> {
        let milliseconds = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX);
        let (client, idle) = match self {
            // Zero would wait forever.
            Self::One { client, idle, .. } if milliseconds > 0 => (client, idle),
            _ => {
                sleep(at_most.min(ASK)).await;
                return Ok(());
            }
        };
        let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().take();
        let mut connection = match waiting {
            Some(connection) => connection,
            None => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(None);
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?
            }
        };
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(milliseconds);
        command.arg("STREAMS").arg(events).arg(behind);
        let waited = command.query_async::<redis::Value>(&mut connection);
        let waited = timeout(at_most + ANSWER, waited).await;
        waited.unwrap_or_else(|_| Err(timed_out()))?;
        // Only a connection that is no longer blocked.
        *idle() = Some(connection);
        Ok(())
    }
}

fn timed_out() -> RedisError {
    RedisError::from(io::Error::new(
        io::ErrorKind::TimedOut,
        "Redis did not respond in time",
    ))
}
