using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>
/// How far results may lie from the reference's in an arithmetic, relative to the largest magnitude. In F32, sums of some
/// thousand products in different orders. With BF16 products each operand and each result errs by 2^-9 of itself; with
/// weights of 8 bits a row of activations is quantised to 127 steps of its largest, which errs by up to 2^-8 of that, and
/// an FP8 weight becomes 8-bit integers first. Errors of many addends mostly cancel, those of a chain add up.
/// </summary>
public static class Bounds
{
    private const double F32Product = 2e-5, F32Steps = 1e-4;

    /// <summary>One product with weights of a type.</summary>
    public static double Product(Arithmetic arithmetic, ElementType weights) =>
        arithmetic.GemmInputs == ElementType.F32 ? F32Product : IsQuantised(weights) ? 1.0 / 32 : 1.0 / 128;

    /// <summary>A step or block: up to five products, norms and a softmax behind each other.</summary>
    public static double Steps(Arithmetic arithmetic, ElementType weights) =>
        arithmetic.GemmInputs == ElementType.F32 ? F32Steps : IsQuantised(weights) ? 1.0 / 16 : 1.0 / 64;

    /// <summary>Logits of a whole small model, of some layers of steps.</summary>
    public static double Model(Arithmetic arithmetic, ElementType weights) => 2 * Steps(arithmetic, weights);

    private static bool IsQuantised(ElementType weights) => weights is ElementType.I8 or ElementType.F8E4M3;
}
