namespace Glm5.Core.Verification;

/// <summary>One claim about a device, which can be put to it any number of times.</summary>
/// <param name="Suite">The group it belongs to.</param>
/// <param name="Name">What is checked.</param>
/// <param name="Difference">Finds what is wrong; null when nothing is.</param>
public sealed record DeviceCheck(string Suite, string Name, Func<string?> Difference)
{
    /// <summary>Puts it. A device that dies of it has failed it.</summary>
    public CheckResult Run()
    {
        try
        {
            return new CheckResult(Suite, Name, Difference());
        }
#pragma warning disable CA1031 // Whatever a device dies of is the check's result; the next check opens it anew.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new CheckResult(Suite, Name, e.Message);
        }
    }
}
