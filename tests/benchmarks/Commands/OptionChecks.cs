using System.CommandLine;

namespace Glm5.Benchmarks.Commands;

/// <summary>Refusals of option values before anything is run.</summary>
internal static class OptionChecks
{
    /// <summary>Refuses values below 1, with the option's name and the value.</summary>
    public static Option<int> AtLeastOne(this Option<int> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError($"{option.Name} is {result.GetValueOrDefault<int>()}; it must be at least 1.");
            }
        });
        return option;
    }
}
