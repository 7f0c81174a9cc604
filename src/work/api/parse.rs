//! Ids, names and filters as requests write them.

use std::str::FromStr;

use sqlx::error::DatabaseError;

use crate::{
    repositories::{self, Repository, RepositoryId},
    tenancy::TenantTx,
    web::{AppError, Result, query::wrong},
};

pub(super) use crate::web::query::{choice, page, text, time};

/// Parses an id of a path or filter; `what` names it in the words of the refusal.
pub(super) fn id<T: FromStr>(what: &str, text: &str) -> Result<T> {
    text.parse().or_else(|_| wrong(&format!("`{text}` is not {what}.")))
}

/// Finds the repository that a path names by its id or its name.
pub(super) async fn repository(tx: &mut TenantTx, text: &str) -> Result<Repository> {
    find_repository(tx, text).await?.ok_or(AppError::NotFound)
}

/// Finds the repository that a filter names by its id or its name.
pub(super) async fn repository_filter(
    tx: &mut TenantTx,
    text: Option<&str>,
) -> Result<Option<RepositoryId>> {
    let Some(text) = text else { return Ok(None) };
    match find_repository(tx, text).await? {
        Some(repository) => Ok(Some(repository.id)),
        None => wrong(&format!(
            "There is no repository `{text}`; `repository` is the id or name of one."
        )),
    }
}

/// An id wins over a name that looks like one.
async fn find_repository(tx: &mut TenantTx, text: &str) -> Result<Option<Repository>> {
    if !is_name(text) {
        return wrong(&format!(
            "`{text}` is neither an id nor a name: those have 1 to 100 letters, digits, `.`, `_` and `-`."
        ));
    }
    if let Ok(id) = text.parse() {
        let found = repositories::find(tx, id).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(repositories::find_named(tx, text).await?)
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=100).contains(&text.len()) && text.bytes().all(allowed)
}

/// What a change says of a repository that another request has removed meanwhile.
pub(super) fn removed(error: anyhow::Error) -> AppError {
    if is_of_the_removed(&error) { AppError::NotFound } else { error.into() }
}

/// What connecting says of a repository that another request removes meanwhile.
pub(super) fn removed_again(error: anyhow::Error) -> AppError {
    if is_of_the_removed(&error) {
        let text = "Another request removes this repository at this moment. Try again.";
        return AppError::Conflict(text.to_owned());
    }
    error.into()
}

fn is_of_the_removed(error: &anyhow::Error) -> bool {
    let database = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    database.is_some_and(DatabaseError::is_foreign_key_violation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::model::{IdKey, TaskId, TaskState};

    fn detail<T: std::fmt::Debug>(result: Result<T>) -> String {
        match result.unwrap_err() {
            AppError::BadRequest(detail) => detail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_choice_is_told_the_right_ones() {
        let choose = |text| choice("state", text, &TaskState::ALL, TaskState::as_str);

        assert_eq!(choose(None).unwrap(), None);
        assert_eq!(choose(Some("done")).unwrap(), Some(TaskState::Done));
        assert_eq!(
            detail(choose(Some("shut"))),
            "`state` is one of `open`, `done`, `removed`, not `shut`."
        );
    }

    #[test]
    fn an_empty_cursor_does_not_start_the_list_again() {
        assert!(page::<IdKey>(None, None).is_ok());
        assert!(detail(page::<IdKey>(Some(&String::new()), None)).contains("cursor"));
    }

    #[test]
    fn half_an_id_is_refused() {
        assert_eq!(
            detail(id::<TaskId>("the id of a task", "0190")),
            "`0190` is not the id of a task."
        );
    }

    #[test]
    fn names_have_no_signs_of_other_meaning() {
        assert!(is_name("quarterdeck-2.x_y"));
        for text in ["", "a b", "a/b", "a\0", "ä", &"a".repeat(101)] {
            assert!(!is_name(text), "{text:?}");
        }
    }
}
