namespace Glm5.Core.Weights;

/// <summary>Stands for the type of the weights branch.</summary>
public readonly record struct WeightSource(string Name);
