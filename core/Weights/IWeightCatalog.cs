using Glm5.Core.Accelerator;
using Glm5.Core.Model;

namespace Glm5.Core.Weights;

/// <summary>A model's weights by name: those in a checkpoint's files, or their shapes alone.</summary>
public interface IWeightCatalog : IDisposable
{
    /// <summary>The model as these weights can serve it.</summary>
    ModelConfig Config { get; }

    /// <summary>The sampling that the model recommends.</summary>
    GenerationDefaults Generation { get; }

    /// <summary>Tensors the model uses, scales counted as tensors.</summary>
    int TensorCount { get; }

    /// <summary>Bytes of those tensors, draft layer and scales included.</summary>
    long TotalBytes { get; }

    /// <summary>A whole tensor. A tied head answers with the embedding.</summary>
    /// <exception cref="CheckpointException">The model has no such tensor, or it cannot be read.</exception>
    WeightSource Weight(string name);

    /// <summary>The stored type of a tensor of the inventory; null where a tied head has none of its own.</summary>
    ElementType? TypeOf(string name);
}
