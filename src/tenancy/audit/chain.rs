//! Walking a chain: the hashes computed anew from what the rows hold, without help of the database.

use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::tenancy::tx::TenantTx;

/// How many entries are read at a time.
const BATCH: i64 = 1_000;

/// What an organisation's chain came to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// How many entries fit, from the oldest on.
    pub entries: u64,
    /// The last entry that retention deleted; zero where it has deleted none.
    pub forgotten: i64,
    /// The newest entry that fits, and its hash: whoever notes both elsewhere can tell later whether
    /// the whole chain was replaced.
    pub ordinal: i64,
    pub hash: String,
    pub broken: Option<Break>,
}

/// The first place at which a chain is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Break {
    pub ordinal: i64,
    pub what: &'static str,
}

struct Head {
    ordinal: i64,
    hash: Vec<u8>,
    forgotten: i64,
    forgotten_hash: Vec<u8>,
}

struct Row {
    ordinal: i64,
    tenant_id: Uuid,
    id: Uuid,
    at: DateTime<Utc>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: String,
    person_id: Option<Uuid>,
    person_name: Option<String>,
    action: String,
    subject_kind: String,
    subject_id: String,
    detail: String,
    before: Option<String>,
    after: Option<String>,
    address: String,
    user_agent: String,
    request_id: String,
    hash: Vec<u8>,
}

impl Row {
    /// The entry as its hash covers it; docs/audit.md has the form in words.
    fn canonical(&self) -> String {
        let id = |id: Option<Uuid>| id.map(|id| id.to_string());
        [
            Some(self.ordinal.to_string()),
            Some(self.tenant_id.to_string()),
            Some(self.id.to_string()),
            Some(self.at.timestamp_micros().to_string()),
            Some(self.actor_kind.clone()),
            id(self.actor_id),
            Some(self.actor_name.clone()),
            id(self.person_id),
            self.person_name.clone(),
            Some(self.action.clone()),
            Some(self.subject_kind.clone()),
            Some(self.subject_id.clone()),
            Some(self.detail.clone()),
            self.before.clone(),
            self.after.clone(),
            Some(self.address.clone()),
            Some(self.user_agent.clone()),
            Some(self.request_id.clone()),
        ]
        .iter()
        .map(|value| field(value.as_deref()))
        .collect()
    }

    fn hash_after(&self, previous: &[u8]) -> Vec<u8> {
        let text = [previous, self.canonical().as_bytes()].concat();
        digest(&SHA256, &text).as_ref().to_vec()
    }
}

/// One value: its length in bytes, a colon, itself; a dash where there is none.
fn field(value: Option<&str>) -> String {
    value.map_or_else(|| "-,".to_owned(), |text| format!("{}:{text},", text.len()))
}

/// Walks the chain of the transaction's organisation from its oldest entry to the first that does not fit.
pub async fn verify(tx: &mut TenantTx) -> sqlx::Result<Verified> {
    let head = find_head(tx.connection()).await?.unwrap_or_else(|| Head {
        ordinal: 0,
        hash: vec![0; 32],
        forgotten: 0,
        forgotten_hash: vec![0; 32],
    });
    let mut walk = Walk::from(&head);
    let mut after = -1;
    loop {
        let rows = list(tx.connection(), after).await?;
        let Some(last) = rows.last().map(|row| row.ordinal) else { break };
        after = last;
        for row in &rows {
            if let Some(broken) = walk.step(row) {
                return Ok(walk.end(&head, Some(broken)));
            }
        }
    }
    let broken = walk.at_end(&head);
    Ok(walk.end(&head, broken))
}

/// How far a walk has come.
struct Walk {
    entries: u64,
    ordinal: i64,
    hash: Vec<u8>,
}

impl Walk {
    fn from(head: &Head) -> Self {
        Self { entries: 0, ordinal: head.forgotten, hash: head.forgotten_hash.clone() }
    }

    fn step(&mut self, row: &Row) -> Option<Break> {
        let wanted = self.ordinal + 1;
        if row.ordinal > wanted {
            return Some(Break { ordinal: wanted, what: "the entry is missing" });
        }
        if row.ordinal < wanted {
            let what = "the entry is older than the chain's beginning";
            return Some(Break { ordinal: row.ordinal, what });
        }
        if row.hash_after(&self.hash) != row.hash {
            let what = "the entry is not what was written after the one before it";
            return Some(Break { ordinal: wanted, what });
        }
        self.entries += 1;
        self.ordinal = wanted;
        self.hash.clone_from(&row.hash);
        None
    }

    /// What the place that the chain should end at says against the place where it does.
    fn at_end(&self, head: &Head) -> Option<Break> {
        if self.ordinal < head.ordinal {
            let what = "the newest entries are missing";
            return Some(Break { ordinal: self.ordinal + 1, what });
        }
        if self.ordinal > head.ordinal {
            let what = "the entry was added past the chain's end";
            return Some(Break { ordinal: head.ordinal + 1, what });
        }
        let what = "the entry is not the one that the chain ends with";
        (self.hash != head.hash).then_some(Break { ordinal: self.ordinal, what })
    }

    fn end(self, head: &Head, broken: Option<Break>) -> Verified {
        let hash = self.hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Verified {
            entries: self.entries,
            forgotten: head.forgotten,
            ordinal: self.ordinal,
            hash,
            broken,
        }
    }
}

async fn find_head(connection: &mut PgConnection) -> sqlx::Result<Option<Head>> {
    sqlx::query_as!(Head, "SELECT ordinal, hash, forgotten, forgotten_hash FROM audit_chains")
        .fetch_optional(connection)
        .await
}

async fn list(connection: &mut PgConnection, after: i64) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"SELECT ordinal, tenant_id, id, at, actor_kind, actor_id, actor_name, person_id, person_name, action,
                  subject_kind, subject_id, detail::text AS "detail!", before::text, after::text,
                  address, user_agent, request_id, hash
           FROM audit_log
           WHERE ordinal > $1
           ORDER BY ordinal
           LIMIT $2"#,
        after,
        BATCH,
    )
    .fetch_all(connection)
    .await
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn no_two_lists_of_values_have_one_form() {
        assert_eq!(field(Some("ä,")), "3:ä,,");
        assert_eq!(field(Some("")), "0:,");
        assert_eq!(field(None), "-,");
    }
}
