namespace Glm5.Tests.Conformance.Emulator;

/// <summary>The stand-ins' own tests (<c>tests/cann-emulator/tests</c>), against each profile's libraries.</summary>
[TestClass]
public sealed class CannEmulatorTests
{
    public static IEnumerable<object[]> Profiles => CannEmulator.Profiles.Select(profile => new object[] { profile });

    [TestMethod]
    [DynamicData(nameof(Profiles))]
    public void Stand_ins_compute_and_refuse_as_the_documents_say(string profile)
    {
        string home = CannEmulator.Home(profile);
        string maps = Path.Combine(CannEmulator.BuildFolder, "generated", profile);
        string? failure = EmulatorBuild.Run(Path.Combine(CannEmulator.BuildFolder, "emulator_tests"), home, maps);
        Assert.IsNull(failure, failure);
    }

    [TestMethod]
    public void Profiles_are_those_of_the_build()
    {
        string profiles = File.ReadAllText(Path.Combine(Repository.Root, "tests", "cann-emulator", "abi", "profiles.json"));
        string[] all = [.. CannEmulator.Profiles, CannEmulator.ProfileWithGaps];
        foreach (string profile in all)
            Assert.Contains($"\"name\": \"{profile}\"", profiles);

        Assert.HasCount(profiles.Split("\"name\"").Length - 1, all);
    }
}
