namespace Glm5.Core.Accelerator;

/// <summary>What a weight is for; a backend chooses its device layout by it.</summary>
public enum WeightRole
{
    /// <summary>The embedding table [vocab, hidden]; rows are looked up.</summary>
    Embedding,

    /// <summary>A vector: norm weights and biases, the router's correction bias.</summary>
    Vector,

    /// <summary>A matrix [out, in] applied to activations: out = x · Wᵀ.</summary>
    Linear,

    /// <summary>The router's matrix [experts, hidden], computed in F32 (spec 3.3).</summary>
    Router,

    /// <summary>
    /// Rows of kv_b_proj that make keys, one part a head: [nope, latent], applied as q · W (spec 3.1, absorbed).
    /// </summary>
    KeyUp,

    /// <summary>Rows of kv_b_proj that make values, one part a head: [v, latent], applied as o · Wᵀ.</summary>
    ValueUp,

    /// <summary>
    /// A gate and an up matrix, stacked: parts gate₀, up₀, gate₁, up₁, … ; one group a network (1, or one an expert).
    /// </summary>
    GateUp,

    /// <summary>
    /// A row-parallel matrix [hidden, in] whose product is a <see cref="PartialSum"/>; one group a network.
    /// </summary>
    RowParallel,

    /// <summary>The output head [vocab, hidden].</summary>
    Head,

    /// <summary>
    /// Last matrices [hidden, in] of whole experts, one group an expert: row-parallel, and undivided on their rank.
    /// </summary>
    ExpertDown,
}

/// <summary>
/// A weight in the device's own layout, made by <see cref="IAccelerator.Pack"/> and owned by its maker's caller.
/// It may lie in the mapped checkpoint itself: then the checkpoint must outlive it.
/// </summary>
public abstract class PackedWeight(WeightRole role, int groups, long rows, long columns) : IDisposable
{
    /// <summary>What it is for.</summary>
    public WeightRole Role { get; } = role;

    /// <summary>Matrices that are applied apart: heads, experts, or 1.</summary>
    public int Groups { get; } = groups;

    /// <summary>Output rows of one group; of a <see cref="WeightRole.GateUp"/> both halves together.</summary>
    public long Rows { get; } = rows;

    /// <summary>Input columns of one group; the length of a vector.</summary>
    public long Columns { get; } = columns;

    /// <summary>A <see cref="WeightRole.Vector"/> as an F32 tensor [1, length] on the device.</summary>
    /// <exception cref="InvalidOperationException">The role is another.</exception>
    public virtual Tensor AsVector() =>
        throw new InvalidOperationException($"a weight packed as {Role} cannot be used as a vector");

    /// <summary>
    /// How its numbers changed when it was packed; null when they are the stored ones, or those rounded to BF16.
    /// </summary>
    public virtual WeightConversion? Conversion => null;

    /// <summary>Bytes of device memory it takes beyond the mapped checkpoint.</summary>
    public abstract long DeviceBytes { get; }

    /// <summary>Frees what it owns. A second call does nothing.</summary>
    public abstract void Dispose();
}

/// <summary>A weight that the device takes in another format than it is stored in.</summary>
/// <param name="Name">The first stored matrix of the weight.</param>
/// <param name="From">As it is stored.</param>
/// <param name="To">As the device has it.</param>
/// <param name="SquaredError">Sum of squared differences between stored and packed values.</param>
/// <param name="Squared">Sum of squared stored values.</param>
public sealed record WeightConversion(string Name, ElementType From, ElementType To, double SquaredError, double Squared)
{
    /// <summary>Root of the errors' share: 0.01 is one percent of the weight's size.</summary>
    public double RelativeError => Squared == 0 ? 0 : Math.Sqrt(SquaredError / Squared);
}
