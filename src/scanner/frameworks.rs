//! Which dependencies are frameworks, and which are what a project is tested with.

use std::collections::HashMap;

use super::{detectors::CHAIN, model::Project};

/// The kinds of projects that take packages of the same names.
type Kinds = &'static [&'static str];
/// A dependency's name, or with a `*` what it begins with, and what people call it.
type Row = (&'static str, &'static str);

const JVM: Kinds = &["gradle", "maven", "sbt"];

const FRAMEWORKS: &[(Kinds, &[Row])] = &[
    (
        &["npm"],
        &[
            ("@angular/core", "Angular"),
            ("@builder.io/qwik", "Qwik"),
            ("@nestjs/core", "NestJS"),
            ("@remix-run/*", "Remix"),
            ("@sveltejs/kit", "SvelteKit"),
            ("@tanstack/react-start", "TanStack Start"),
            ("alpinejs", "Alpine.js"),
            ("astro", "Astro"),
            ("electron", "Electron"),
            ("elysia", "Elysia"),
            ("ember-source", "Ember"),
            ("expo", "Expo"),
            ("express", "Express"),
            ("fastify", "Fastify"),
            ("gatsby", "Gatsby"),
            ("hono", "Hono"),
            ("htmx.org", "htmx"),
            ("jquery", "jQuery"),
            ("koa", "Koa"),
            ("lit", "Lit"),
            ("next", "Next.js"),
            ("nuxt", "Nuxt"),
            ("preact", "Preact"),
            ("react", "React"),
            ("react-native", "React Native"),
            ("solid-js", "Solid"),
            ("svelte", "Svelte"),
            ("vue", "Vue"),
        ],
    ),
    (
        &["python"],
        &[
            ("aiohttp", "aiohttp"),
            ("apache-airflow", "Airflow"),
            ("celery", "Celery"),
            ("dash", "Dash"),
            ("django", "Django"),
            ("djangorestframework", "Django REST framework"),
            ("falcon", "Falcon"),
            ("fastapi", "FastAPI"),
            ("flask", "Flask"),
            ("gradio", "Gradio"),
            ("jax", "JAX"),
            ("keras", "Keras"),
            ("langchain", "LangChain"),
            ("litestar", "Litestar"),
            ("pyramid", "Pyramid"),
            ("pyspark", "Spark"),
            ("quart", "Quart"),
            ("sanic", "Sanic"),
            ("scrapy", "Scrapy"),
            ("starlette", "Starlette"),
            ("streamlit", "Streamlit"),
            ("tensorflow", "TensorFlow"),
            ("torch", "PyTorch"),
            ("tornado", "Tornado"),
            ("wagtail", "Wagtail"),
        ],
    ),
    (
        &["rust"],
        &[
            ("actix-web", "actix-web"),
            ("axum", "axum"),
            ("bevy", "Bevy"),
            ("dioxus", "Dioxus"),
            ("egui", "egui"),
            ("embassy-executor", "Embassy"),
            ("iced", "iced"),
            ("leptos", "Leptos"),
            ("poem", "Poem"),
            ("ratatui", "Ratatui"),
            ("rocket", "Rocket"),
            ("salvo", "Salvo"),
            ("slint", "Slint"),
            ("tauri", "Tauri"),
            ("tonic", "tonic"),
            ("warp", "warp"),
            ("yew", "Yew"),
        ],
    ),
    (
        &["go"],
        &[
            ("github.com/beego/beego*", "Beego"),
            ("github.com/charmbracelet/bubbletea*", "Bubble Tea"),
            ("github.com/gin-gonic/gin", "Gin"),
            ("github.com/go-chi/chi*", "chi"),
            ("github.com/go-kit/kit", "Go kit"),
            ("github.com/gofiber/fiber*", "Fiber"),
            ("github.com/gorilla/mux", "gorilla/mux"),
            ("github.com/labstack/echo*", "Echo"),
            ("github.com/revel/revel", "Revel"),
            ("github.com/spf13/cobra", "Cobra"),
            ("github.com/zeromicro/go-zero", "go-zero"),
            ("google.golang.org/grpc", "gRPC"),
            ("sigs.k8s.io/controller-runtime", "controller-runtime"),
        ],
    ),
    (
        JVM,
        &[
            ("androidx.activity:*", "Android"),
            ("androidx.appcompat:*", "Android"),
            ("androidx.compose*", "Jetpack Compose"),
            ("com.typesafe.akka:*", "Akka"),
            ("com.typesafe.play:*", "Play"),
            ("com.vaadin:*", "Vaadin"),
            ("dev.zio:*", "ZIO"),
            ("io.dropwizard:*", "Dropwizard"),
            ("io.helidon*", "Helidon"),
            ("io.ktor:*", "Ktor"),
            ("io.micronaut*", "Micronaut"),
            ("io.quarkus*", "Quarkus"),
            ("io.vertx:*", "Vert.x"),
            ("jakarta.platform:*", "Jakarta EE"),
            ("org.apache.dubbo:*", "Dubbo"),
            ("org.apache.flink:*", "Flink"),
            ("org.apache.pekko:*", "Pekko"),
            ("org.apache.spark:*", "Spark"),
            ("org.apache.struts:*", "Struts"),
            ("org.apache.wicket:*", "Wicket"),
            ("org.hibernate*", "Hibernate"),
            ("org.http4s:*", "http4s"),
            ("org.playframework:*", "Play"),
            ("org.springframework.boot:*", "Spring Boot"),
            ("org.springframework.cloud:*", "Spring Cloud"),
            ("org.springframework:*", "Spring"),
            ("org.typelevel:cats-effect", "Cats Effect"),
        ],
    ),
    (
        &["dotnet"],
        &[
            ("aspire.hosting*", "Aspire"),
            ("avalonia", "Avalonia"),
            ("grpc.aspnetcore*", "gRPC"),
            ("mediatr", "MediatR"),
            ("microsoft.aspnetcore*", "ASP.NET Core"),
            ("microsoft.entityframeworkcore*", "Entity Framework Core"),
            ("microsoft.maui*", "MAUI"),
            ("orleans*", "Orleans"),
            ("giraffe", "Giraffe"),
            ("microsoft.orleans*", "Orleans"),
        ],
    ),
    (
        &["ruby"],
        &[
            ("grape", "Grape"),
            ("hanami", "Hanami"),
            ("jekyll", "Jekyll"),
            ("rails", "Rails"),
            ("roda", "Roda"),
            ("sidekiq", "Sidekiq"),
            ("sinatra", "Sinatra"),
        ],
    ),
    (
        &["php"],
        &[
            ("cakephp/cakephp", "CakePHP"),
            ("codeigniter4/framework", "CodeIgniter"),
            ("drupal/core*", "Drupal"),
            ("laminas/laminas-mvc", "Laminas"),
            ("laravel/framework", "Laravel"),
            ("laravel/lumen-framework", "Lumen"),
            ("livewire/livewire", "Livewire"),
            ("slim/slim", "Slim"),
            ("symfony/framework-bundle", "Symfony"),
            ("yiisoft/yii2", "Yii"),
        ],
    ),
    (
        &["elixir"],
        &[
            ("absinthe", "Absinthe"),
            ("ash", "Ash"),
            ("broadway", "Broadway"),
            ("ecto", "Ecto"),
            ("ecto_sql", "Ecto"),
            ("nerves", "Nerves"),
            ("oban", "Oban"),
            ("phoenix", "Phoenix"),
            ("phoenix_live_view", "Phoenix LiveView"),
        ],
    ),
    (&["erlang"], &[("cowboy", "Cowboy"), ("nova", "Nova"), ("ranch", "Ranch")]),
    (
        &["swift"],
        &[
            ("hummingbird", "Hummingbird"),
            ("swift-composable-architecture", "The Composable Architecture"),
            ("swift-nio", "SwiftNIO"),
            ("vapor", "Vapor"),
        ],
    ),
    (
        &["dart"],
        &[
            ("angular", "AngularDart"),
            ("dart_frog", "Dart Frog"),
            ("flame", "Flame"),
            ("flutter", "Flutter"),
            ("jaspr", "Jaspr"),
            ("serverpod", "Serverpod"),
            ("shelf", "Shelf"),
        ],
    ),
    (
        &["haskell"],
        &[
            ("ihp", "IHP"),
            ("scotty", "Scotty"),
            ("servant*", "Servant"),
            ("snap", "Snap"),
            ("yesod*", "Yesod"),
        ],
    ),
    (
        &["cpp"],
        &[
            ("boost*", "Boost"),
            ("drogon", "Drogon"),
            ("grpc", "gRPC"),
            ("gtk*", "GTK"),
            ("qt5*", "Qt"),
            ("qt6*", "Qt"),
            ("sdl2*", "SDL"),
            ("sdl3*", "SDL"),
            ("wxwidgets", "wxWidgets"),
        ],
    ),
];

const TEST_TOOLS: &[(Kinds, &[Row])] = &[
    (
        &["npm"],
        &[
            ("@playwright/test", "Playwright"),
            ("@testing-library/*", "Testing Library"),
            ("ava", "AVA"),
            ("cypress", "Cypress"),
            ("jasmine", "Jasmine"),
            ("jasmine-core", "Jasmine"),
            ("jest", "Jest"),
            ("karma", "Karma"),
            ("mocha", "Mocha"),
            ("playwright*", "Playwright"),
            ("puppeteer", "Puppeteer"),
            ("qunit", "QUnit"),
            ("tap", "tap"),
            ("uvu", "uvu"),
            ("vitest", "Vitest"),
            ("webdriverio", "WebdriverIO"),
        ],
    ),
    (
        &["python"],
        &[
            ("behave", "behave"),
            ("hypothesis", "Hypothesis"),
            ("nose*", "nose"),
            ("nox", "nox"),
            ("pytest*", "pytest"),
            ("robotframework", "Robot Framework"),
            ("tox*", "tox"),
        ],
    ),
    (
        &["rust"],
        &[
            ("criterion", "Criterion"),
            ("divan", "Divan"),
            ("insta", "insta"),
            ("libfuzzer-sys", "libFuzzer"),
            ("proptest", "proptest"),
            ("quickcheck", "QuickCheck"),
            ("rstest", "rstest"),
            ("trybuild", "trybuild"),
        ],
    ),
    (
        &["go"],
        &[
            ("github.com/onsi/ginkgo*", "Ginkgo"),
            ("github.com/onsi/gomega", "Gomega"),
            ("github.com/stretchr/testify", "Testify"),
            ("gotest.tools*", "gotest.tools"),
        ],
    ),
    (
        JVM,
        &[
            ("com.lihaoyi:utest", "uTest"),
            ("io.cucumber:*", "Cucumber"),
            ("io.kotest:*", "Kotest"),
            ("junit:junit", "JUnit"),
            ("org.assertj:*", "AssertJ"),
            ("org.jetbrains.kotlin:kotlin-test*", "kotlin.test"),
            ("org.junit*", "JUnit"),
            ("org.mockito*", "Mockito"),
            ("org.robolectric:*", "Robolectric"),
            ("org.scalacheck:*", "ScalaCheck"),
            ("org.scalameta:munit*", "MUnit"),
            ("org.scalatest:*", "ScalaTest"),
            ("org.specs2:*", "specs2"),
            ("org.spockframework:*", "Spock"),
            ("org.springframework.boot:spring-boot-starter-test", "JUnit"),
            ("org.testcontainers:*", "Testcontainers"),
            ("org.testng:*", "TestNG"),
        ],
    ),
    (
        &["dotnet"],
        &[
            ("benchmarkdotnet", "BenchmarkDotNet"),
            ("expecto", "Expecto"),
            ("fluentassertions", "FluentAssertions"),
            ("moq", "Moq"),
            ("mstest*", "MSTest"),
            ("nsubstitute", "NSubstitute"),
            ("nunit*", "NUnit"),
            ("specflow*", "SpecFlow"),
            ("tunit", "TUnit"),
            ("xunit*", "xUnit.net"),
        ],
    ),
    (
        &["ruby"],
        &[
            ("capybara", "Capybara"),
            ("cucumber", "Cucumber"),
            ("minitest", "minitest"),
            ("rspec*", "RSpec"),
            ("test-unit", "test-unit"),
        ],
    ),
    (
        &["php"],
        &[
            ("behat/behat", "Behat"),
            ("codeception/codeception", "Codeception"),
            ("pestphp/pest*", "Pest"),
            ("phpspec/phpspec", "phpspec"),
            ("phpunit/phpunit", "PHPUnit"),
        ],
    ),
    (
        &["elixir"],
        &[
            ("ex_machina", "ExMachina"),
            ("mox", "Mox"),
            ("stream_data", "StreamData"),
            ("wallaby", "Wallaby"),
        ],
    ),
    (&["erlang"], &[("meck", "Meck"), ("proper", "PropEr")]),
    (&["swift"], &[("nimble", "Nimble"), ("quick", "Quick"), ("swift-testing", "Swift Testing")]),
    (
        &["dart"],
        &[
            ("flutter_test", "flutter_test"),
            ("integration_test", "integration_test"),
            ("mocktail", "mocktail"),
            ("test", "test"),
        ],
    ),
    (
        &["haskell"],
        &[
            ("hedgehog*", "Hedgehog"),
            ("hspec*", "Hspec"),
            ("hunit", "HUnit"),
            ("quickcheck*", "QuickCheck"),
            ("tasty*", "Tasty"),
        ],
    ),
    (
        &["cpp"],
        &[
            ("boost.test", "Boost.Test"),
            ("catch2", "Catch2"),
            ("cmocka", "cmocka"),
            ("doctest", "doctest"),
            ("googletest", "GoogleTest"),
            ("gtest", "GoogleTest"),
        ],
    ),
];

/// The tables, made quick to ask.
pub(super) struct Frameworks {
    frameworks: Index,
    test_tools: Index,
}

/// What is known of one kind's packages.
#[derive(Default)]
struct Known {
    names: HashMap<&'static str, &'static str>,
    beginnings: Vec<Row>,
}

struct Index(HashMap<&'static str, Known>);

impl Frameworks {
    pub(super) fn new() -> Self {
        Self { frameworks: Index::new(FRAMEWORKS), test_tools: Index::new(TEST_TOOLS) }
    }

    /// Notes on the project what a dependency of it tells.
    pub(super) fn tell(&self, detector: usize, dependency: &str, project: &mut Project) {
        let Some(detector) = CHAIN.get(detector) else { return };
        let name = detector.normal_name(dependency).to_lowercase();
        for (index, labels) in [
            (&self.frameworks, &mut project.frameworks),
            (&self.test_tools, &mut project.test_tools),
        ] {
            let label = index.label(detector.kind(), &name);
            if let Some(label) = label.filter(|label| !labels.iter().any(|known| known == label)) {
                labels.push(label.to_owned());
            }
        }
    }
}

impl Index {
    fn new(table: &[(Kinds, &'static [Row])]) -> Self {
        let mut index: HashMap<_, Known> = HashMap::new();
        for (kinds, rows) in table {
            for kind in *kinds {
                let known = index.entry(*kind).or_default();
                for (name, label) in *rows {
                    match name.strip_suffix('*') {
                        Some(beginning) => known.beginnings.push((beginning, label)),
                        None => _ = known.names.insert(name, label),
                    }
                }
            }
        }
        Self(index)
    }

    fn label(&self, kind: &str, name: &str) -> Option<&'static str> {
        let known = self.0.get(kind)?;
        let by_beginning = || known.beginnings.iter().find(|(start, _)| name.starts_with(start));
        known.names.get(name).copied().or_else(|| by_beginning().map(|(_, label)| *label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let detector = CHAIN.iter().position(|one| one.kind() == kind).unwrap();
        let mut project = Project::default();
        for name in names {
            Frameworks::new().tell(detector, name, &mut project);
        }
        (project.frameworks, project.test_tools)
    }

    #[test]
    fn frameworks_and_test_tools_are_told_apart_and_once() {
        let (frameworks, tests) = told("npm", &["react", "next", "react", "vitest", "left-pad"]);

        assert_eq!(frameworks, ["React", "Next.js"]);
        assert_eq!(tests, ["Vitest"]);
    }

    #[test]
    fn names_are_compared_as_the_ecosystem_does() {
        assert_eq!(told("python", &["Django", "Pytest_Asyncio"]).0, ["Django"]);
        assert_eq!(told("python", &["Django", "Pytest_Asyncio"]).1, ["pytest"]);
        assert_eq!(told("rust", &["react"]).0, [""; 0]);
    }

    #[test]
    fn rows_are_in_lower_case_and_of_kinds_that_a_detector_may_have() {
        for (kinds, rows) in FRAMEWORKS.iter().chain(TEST_TOOLS) {
            assert!(kinds.iter().all(|kind| kind.chars().all(|c| c.is_ascii_lowercase())));
            for (name, label) in *rows {
                assert_eq!(*name, name.to_lowercase(), "{label}");
            }
        }
    }
}
