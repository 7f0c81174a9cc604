//! Ruby as statements, each with the blocks around it.

use crate::scanner::{
    script::{Slice, Token},
    text,
};

/// Blocks that are tracked; deeper ones are no manifest.
const MAX_DEPTH: usize = 20;
/// Groups and namespaces kept of the blocks around a statement.
const MAX_NAMES: usize = 20;

/// `receiver.name arguments`, and what the blocks around it say.
pub(super) struct Statement<'s> {
    body: Slice<'s>,
    groups: Vec<String>,
    path: Option<String>,
    namespaces: Vec<String>,
}

/// What a block says of the statements inside it.
enum Block {
    Groups(Vec<String>),
    Path(String),
    Namespace(String),
    Other,
}

const OPENERS: [&str; 10] =
    ["if", "unless", "case", "while", "until", "begin", "def", "class", "module", "for"];

/// All statements of a file in their order, those inside blocks included.
pub(super) fn statements(all: Slice<'_>) -> Vec<Statement<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut statements = Vec::new();
    for body in all.lines() {
        let statement = Statement::new(body, &blocks);
        statement.track(&mut blocks);
        statements.push(statement);
    }
    statements
}

impl<'s> Statement<'s> {
    fn new(body: Slice<'s>, blocks: &[Block]) -> Self {
        let mut statement = Self { body, groups: Vec::new(), path: None, namespaces: Vec::new() };
        for block in blocks {
            match block {
                Block::Groups(groups) => statement.groups.extend(groups.iter().cloned()),
                Block::Path(path) => statement.path = Some(path.clone()),
                Block::Namespace(name) => statement.namespaces.push(name.clone()),
                Block::Other => {}
            }
        }
        statement.groups.truncate(MAX_NAMES);
        statement
    }

    /// Opens and closes the blocks that its keywords open and close.
    fn track(&self, blocks: &mut Vec<Block>) {
        let tokens = self.body.tokens();
        let mut before: Option<&Token<'_>> = None;
        let mut has_block = false;
        for (index, token) in tokens.iter().enumerate() {
            let starts = matches!(
                before,
                None | Some(Token::Mark('=' | ';') | Token::Word("else" | "do" | "then"))
            );
            // A keyword argument `if:` or a method `x.class` opens nothing.
            let is_keyword = before != Some(&Token::Mark('.'))
                && tokens.get(index + 1) != Some(&Token::Mark(':'));
            before = Some(token);
            let Token::Word(word) = token else { continue };
            if !is_keyword {
                continue;
            }
            if *word == "end" {
                blocks.pop();
            } else if blocks.len() < MAX_DEPTH && *word == "do" {
                let says = !std::mem::replace(&mut has_block, true);
                blocks.push(if says { self.opens() } else { Block::Other });
            } else if blocks.len() < MAX_DEPTH && starts && OPENERS.contains(word) {
                blocks.push(Block::Other);
            }
        }
    }

    /// The block that its `do` opens.
    fn opens(&self) -> Block {
        let names = || {
            self.arguments()
                .into_iter()
                .filter_map(Slice::literal)
                .map(|name| text::line(&name, 64))
        };
        match self.name() {
            Some("group" | "groups") => Block::Groups(names().take(MAX_NAMES).collect()),
            Some("path") => names().next().map_or(Block::Other, Block::Path),
            Some("namespace") => names().next().map_or(Block::Other, Block::Namespace),
            _ => Block::Other,
        }
    }

    /// `gem` of `gem "x"`, `add_dependency` of `spec.add_dependency "x"`.
    pub(super) fn name(&self) -> Option<&'s str> {
        match self.body.tokens() {
            [Token::Word(_), Token::Mark('.'), Token::Word(name), ..] | [Token::Word(name), ..] => {
                Some(name)
            }
            _ => None,
        }
    }

    fn name_length(&self) -> usize {
        match self.body.tokens() {
            [Token::Word(_), Token::Mark('.'), Token::Word(_), ..] => 3,
            _ => 1,
        }
    }

    /// With parentheses or without; a `do` and a condition behind them are cut off.
    pub(super) fn arguments(&self) -> Vec<Slice<'s>> {
        let rest = self.body.after(self.name_length());
        if let (Some(Token::Open('(')), Some(group)) =
            (rest.tokens().first(), rest.groups('(').first())
        {
            return group.items();
        }
        rest.until_word(&["do", "if", "unless"]).items()
    }

    /// `field` and value of `spec.field = value` and `spec.field << value`.
    pub(super) fn assignment(&self) -> Option<(&'s str, Slice<'s>)> {
        let field = self.name()?;
        let rest = self.body.after(self.name_length());
        let marks = match rest.tokens() {
            [Token::Mark('='), Token::Mark('=' | '~' | '>'), ..] => return None,
            [Token::Mark('<'), Token::Mark('<'), ..] | [Token::Mark('+'), Token::Mark('='), ..] => {
                2
            }
            [Token::Mark('='), ..] => 1,
            _ => return None,
        };
        (self.name_length() == 3).then(|| (field, rest.after(marks).until_word(&["if", "unless"])))
    }

    pub(super) fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The directory of `path "…" do`.
    pub(super) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    pub(super) fn namespaces(&self) -> &[String] {
        &self.namespaces
    }
}
