namespace Glm5.Core.Model;

/// <summary>A model's config.json cannot be served; the message lists every reason at once.</summary>
public sealed class ModelConfigException : Exception
{
    /// <param name="where">The file, as the person who has to fix it knows it.</param>
    /// <param name="problems">At least one sentence.</param>
    public ModelConfigException(string where, IReadOnlyList<string> problems)
        : base(Describe(where, problems))
    {
        Problems = problems;
    }

    /// <summary>One sentence per problem, in the order of the checks.</summary>
    public IReadOnlyList<string> Problems { get; }

    private static string Describe(string where, IReadOnlyList<string> problems)
    {
        string noun = problems.Count == 1 ? "problem" : "problems";
        return $"{where}: {problems.Count} {noun}, the model cannot be served:\n  - {string.Join("\n  - ", problems)}";
    }
}
