namespace Glm5.Tests.Conformance.Emulator;

/// <summary>The stand-ins' own tests (<c>tests/cuda-emulator/tests</c>), on each kind of profile; <c>./build.sh cuda-emulator</c> runs all of them.</summary>
[TestClass]
public sealed class CudaEmulatorTests
{
    /// <summary>What a driver without this toolkit's images can still run.</summary>
    private static readonly string[] s_oldDriver = ["Cards_answer", "old_driver", "Nvml", "Errors_name"];

    [TestMethod]
    [DataRow("h200")]
    [DataRow("h200-old")]
    public void Stand_ins_compute_and_refuse_as_the_documents_say(string profile)
    {
        _ = CudaEmulator.Home(profile);
        string[] cases = profile == "h200-old" ? s_oldDriver : [];
        string? failure = EmulatorBuild.Run(Path.Combine(CudaEmulator.BuildFolder, "emulator_tests"), cases, [("CUDA_EMULATOR_PROFILE", profile)]);
        Assert.IsNull(failure, failure);
    }

    [TestMethod]
    public void Profiles_are_those_of_the_build()
    {
        string build = File.ReadAllText(Path.Combine(Repository.Root, "tests", "cuda-emulator", "CMakeLists.txt"));
        string cards = File.ReadAllText(Path.Combine(Repository.Root, "tests", "cuda-emulator", "core", "profile.cpp"));
        Assert.Contains($"set(PROFILES {string.Join(' ', CudaEmulator.Profiles)})", build);
        foreach (string profile in CudaEmulator.Profiles)
            Assert.Contains($"{{\"{profile}\", ", cards);
    }
}
