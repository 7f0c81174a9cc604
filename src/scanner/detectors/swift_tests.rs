use super::*;
use crate::scanner::manifest::Contribution;

fn manifest(path: &str, text: &str) -> Manifest {
    let finding = Swift.read(FileName(path), text).unwrap();
    assert_eq!(finding.problems, [], "{text}");
    match finding.contribution {
        Contribution::Project(manifest) | Contribution::Addition(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

fn found(manifest: &Manifest) -> Vec<(&str, Option<&str>)> {
    manifest
        .dependencies
        .iter()
        .map(|one| (one.name.as_str(), one.requirement.as_deref()))
        .collect()
}

#[test]
fn a_package_tells_all_of_itself() {
    let manifest = manifest(
        "Package.swift",
        r#"// swift-tools-version:5.9
        import PackageDescription
        let package = Package(
            name: "Web", /* it's */
            products: [
                .library(name: "Web", targets: ["Web"]),
                .executable(name: "web-tool", targets: ["Tool"]),
            ],
            dependencies: [
                .package(url: "https://github.com/apple/swift-nio.git", from: "2.0.0"),
                .package(url: "https://example.org/b", .upToNextMinor(from: "1.1.0")),
                .package(url: "https://example.org/c", "1.0.0"..<"2.0.0"),
                .package(url: "https://example.org/d", branch: "main"),
                .package(url: "https://example.org/e", exact: "3.0.0"),
                .package(name: "Core", path: "../Core"),
            ],
            targets: [
                .target(name: "Web", dependencies: [.product(name: "NIO", package: "swift-nio")]),
                .executableTarget(name: "Tool"),
                .testTarget(name: "WebTests"),
            ]
        )"#,
    );

    assert_eq!(manifest.name.as_deref(), Some("Web"));
    assert_eq!(
        found(&manifest),
        [
            ("swift-nio", Some("from 2.0.0")),
            ("b", Some("from 1.1.0")),
            ("c", Some(">=1.0.0,<2.0.0")),
            ("d", Some("branch main")),
            ("e", Some("3.0.0")),
            ("Core", Some("path:../Core")),
        ]
    );
    assert_eq!(manifest.dependencies[5].path.as_deref(), Some("../Core"));
    let entries: Vec<_> =
        manifest.entry_points.iter().map(|one| (one.kind, one.name.as_str())).collect();
    assert_eq!(
        entries,
        [(EntryKind::Library, "Web"), (EntryKind::Binary, "web-tool"), (EntryKind::Binary, "Tool")]
    );
}

#[test]
fn pods_are_read() {
    let spec = manifest(
        "Web.podspec",
        "Pod::Spec.new do |s|\n  s.name = 'Web'\n  s.version = '1.2'\n  s.license = { :type => 'MIT', :file => 'LICENSE' }\n\
         \x20 s.summary = 'A web'\n  s.dependency 'Core', '~> 1.0'\n  s.subspec 'UI' do |ui|\n    ui.dependency 'Web/Base'\n  end\nend\n",
    );
    let file = manifest(
        "Podfile",
        "platform :ios, '13.0'\ntarget 'App' do\n  use_frameworks!\n  pod 'Core/Net', '~> 2'\n  pod 'Near', :path => '../Near'\nend\n",
    );

    assert_eq!(
        (spec.name.as_deref(), spec.version.as_deref(), spec.licence.as_deref()),
        (Some("Web"), Some("1.2"), Some("MIT"))
    );
    assert_eq!(found(&spec), [("Core", Some("~> 1.0"))]);
    assert_eq!(found(&file), [("Core", Some("~> 2")), ("Near", Some("path:../Near"))]);
}

#[test]
fn an_xcode_project_is_the_directory_around_it() {
    let manifest = manifest(
        "ios/My App.xcodeproj/project.pbxproj",
        "// !$*UTF8*$!\n{\n\trepositoryURL = \"https://github.com/Alamofire/Alamofire.git\";\n}\n",
    );

    assert_eq!(manifest.children[0].path, "..");
    assert_eq!(manifest.children[0].manifest.name.as_deref(), Some("My App"));
    assert_eq!(manifest.children[0].manifest.dependencies[0].name, "Alamofire");
    assert!(!Swift.reads(FileName("ios/Runner.xcodeproj/project.pbxproj")));
    assert!(!Swift.reads(FileName("project.pbxproj")));
}

#[test]
fn a_broken_package_is_a_project_with_a_warning() {
    let finding = Swift
        .read(FileName("Package.swift"), "let package = Package(name: \"Web\", products: [")
        .unwrap();

    let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
    assert_eq!(manifest.name.as_deref(), Some("Web"));
    assert_eq!(finding.problems.len(), 1);
}

#[test]
fn nested_packages_are_read_in_time() {
    let start = crate::platform::clock::CpuTime::start();
    let text = ".package(url: \"a\", from: \"1\", ".repeat(50_000);

    assert!(Swift.read(FileName("Package.swift"), &text).is_ok());
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
