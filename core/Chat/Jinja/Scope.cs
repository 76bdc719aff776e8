namespace Glm5.Core.Chat.Jinja;

/// <summary>The variables of a template, a loop's round, a macro's call or a block; sees those outside of it.</summary>
internal sealed class Scope(Scope? outside)
{
    private readonly Scope? _outside = outside;
    private Dictionary<string, Value>? _variables;

    public void Set(string name, Value value) => (_variables ??= new(StringComparer.Ordinal))[name] = value;

    public Value? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope._outside)
        {
            if (scope._variables is not null && scope._variables.TryGetValue(name, out Value? value))
            {
                return value;
            }
        }

        return null;
    }
}
