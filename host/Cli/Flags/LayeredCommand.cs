using System.CommandLine;

namespace Glm5.Host.Cli.Flags;

/// <summary>Flags that belong together in the help.</summary>
/// <param name="Title">Their heading.</param>
/// <param name="Options">In the order of the help.</param>
internal sealed record FlagGroup(string Title, params Option[] Options);

/// <summary>
/// A command whose flags may also be variables, lines of a file, and other engines' spellings; its help shows them in
/// groups.
/// </summary>
internal sealed class LayeredCommand(string name, string description) : Command(name, description)
{
    private readonly List<FlagGroup> _groups = [];

    /// <summary>Its groups in the order of the help.</summary>
    public IReadOnlyList<FlagGroup> Groups => _groups;

    /// <summary>
    /// Whether it tells of variables with our prefix that are not its own. One command does: they may be another's.
    /// </summary>
    public bool NamesStrayVariables { get; init; }

    /// <summary>What this run was given; read before its action runs.</summary>
    public EffectiveFlags Flags { get; set; } = EffectiveFlags.None;

    /// <summary>Adds flags under a heading.</summary>
    public void Add(FlagGroup group)
    {
        _groups.Add(group);
        foreach (Option option in group.Options)
            Add(option);
    }
}
