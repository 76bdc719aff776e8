using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Glm5.Tests.Unit.Architecture;

/// <summary>What keeps the house in shape: who may refer to whom, and how files look.</summary>
[TestClass]
public sealed partial class HouseRulesTests
{
    private const int LongestFile = 400;

    [TestMethod]
    public void Core_refers_to_nothing_of_ours_and_not_to_the_web_framework()
    {
        var project = XDocument.Load(Path.Combine(SourceTree.Root, "core", "Glm5.Core.csproj"));
        Assert.AreEqual("Microsoft.NET.Sdk", project.Root!.Attribute("Sdk")!.Value);
        Assert.IsEmpty(project.Descendants("ProjectReference"));
        Assert.IsEmpty(project.Descendants("FrameworkReference"));
    }

    [TestMethod]
    public void A_backend_refers_to_core_alone()
    {
        string[] projects = Directory.GetFiles(Path.Combine(SourceTree.Root, "backends"), "*.csproj", SearchOption.AllDirectories);
        Assert.IsNotEmpty(projects);
        foreach (string project in projects)
        {
            string[] references = [.. XDocument.Load(project).Descendants("ProjectReference").Select(r => Path.GetFileName(r.Attribute("Include")!.Value))];
            CollectionAssert.AreEqual(new[] { "Glm5.Core.csproj" }, references, SourceTree.Relative(project));
        }
    }

    [TestMethod]
    public void Only_the_catalog_names_backends()
    {
        string[] namers = [.. SourceTree.Sources("core").Concat(SourceTree.Sources("host"))
            .Where(f => File.ReadAllText(f).Contains("Glm5.Backends", StringComparison.Ordinal)).Select(SourceTree.Relative)];
        CollectionAssert.AreEqual(new[] { "host/BackendCatalog.cs" }, namers);
    }

    [TestMethod]
    public void Unsafe_code_stays_in_backends_and_in_the_mapped_region()
    {
        string[] files = [.. SourceTree.Sources("core").Concat(SourceTree.Sources("host"))
            .Where(f => UnsafeKeyword().IsMatch(File.ReadAllText(f))).Select(SourceTree.Relative)];
        CollectionAssert.AreEqual(new[] { "core/Weights/MappedRegion.cs" }, files);
    }

    [TestMethod]
    public void No_file_is_longer_than_four_hundred_lines()
    {
        string[] folders = ["core", "backends", "host", "tests"];
        string[] tooLong = [.. folders.SelectMany(SourceTree.Sources)
            .Select(f => (File: SourceTree.Relative(f), Lines: File.ReadLines(f).Count()))
            .Where(f => f.Lines > LongestFile).Select(f => $"{f.File}: {f.Lines}")];
        Assert.IsEmpty(tooLong, string.Join(", ", tooLong));
    }

    [TestMethod]
    public void Types_are_not_called_manager_helper_utils_or_common()
    {
        string[] named = [.. new[] { "core", "backends", "host" }.SelectMany(SourceTree.Sources)
            .SelectMany(f => VagueType().Matches(File.ReadAllText(f)).Select(m => $"{SourceTree.Relative(f)}: {m.Value}"))];
        Assert.IsEmpty(named, string.Join(", ", named));
    }

    [TestMethod]
    public void Steps_do_without_linq()
    {
        string[] folders = ["core/Accelerator", "core/Scheduling", "core/Sampling", "core/Kv", "core/Parallel", "backends"];
        string[] users = [.. folders.SelectMany(SourceTree.Sources)
            .Where(f => File.ReadAllText(f).Contains("using System.Linq", StringComparison.Ordinal)).Select(SourceTree.Relative)];
        Assert.IsEmpty(users, string.Join(", ", users));
    }

    [TestMethod]
    public void Every_package_has_a_reason_and_a_user()
    {
        var packages = XDocument.Load(Path.Combine(SourceTree.Root, "Directory.Packages.props"));
        string projects = string.Concat(
            Directory.EnumerateFiles(SourceTree.Root, "*.csproj", SearchOption.AllDirectories)
                .Append(Path.Combine(SourceTree.Root, "Directory.Build.props")).Select(File.ReadAllText));
        foreach (XElement package in packages.Descendants("PackageVersion"))
        {
            string name = package.Attribute("Include")!.Value;
            Assert.IsInstanceOfType<XComment>(package.PreviousNode is XText text ? text.PreviousNode : package.PreviousNode, $"{name} has no reason");
            Assert.Contains($"PackageReference Include=\"{name}\"", projects, $"{name} has no user");
        }
    }

    [TestMethod]
    public void Decisions_are_numbered_once_and_listed()
    {
        string folder = Path.Combine(SourceTree.Root, "docs", "adr");
        string[] records = [.. Directory.EnumerateFiles(folder, "0*.md").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
        string index = File.ReadAllText(Path.Combine(folder, "README.md"));
        // Numbers are given out when work begins, so one may be missing for a while; none is there twice.
        CollectionAssert.AllItemsAreUnique(records.Select(record => record[..4]).ToArray());
        foreach (string record in records)
        {
            Assert.MatchesRegex(@"^\d{4}-[a-z0-9-]+\.md$", record);
            Assert.Contains($"({record})", index);
        }
    }

    [TestMethod]
    public void The_structure_page_names_only_files_that_exist()
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "structure.md"));
        string[] missing = [.. QuotedPath().Matches(page).Select(m => m.Groups[1].Value).Distinct()
            .Where(p => !p.Contains('*', StringComparison.Ordinal))
            .Where(p => !File.Exists(Path.Combine(SourceTree.Root, p)) && !Directory.Exists(Path.Combine(SourceTree.Root, p)))];
        Assert.IsEmpty(missing, string.Join(", ", missing));
    }

    [GeneratedRegex(@"(?m)^(?!\s*(//|\*)).*\bunsafe\b\s+(\{|class|struct|static|void|delegate|\w+[\s*<])")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum) \w*(Manager|Helper|Helpers|Utils|Util|Common)\b")]
    private static partial Regex VagueType();

    [GeneratedRegex(@"`((?:core|backends|host|tests|docs|models)/[\w./*-]*)`")]
    private static partial Regex QuotedPath();
}
