namespace Glm5.Core.Accelerator;

/// <summary>
/// Level 1 of the contract: operations that know nothing of GLM-5 and that every backend must have. Public fronts check
/// shapes; protected cores compute. Results go into the caller's tensors; nothing is allocated. Activations are of the
/// backend's declared type; sums accumulate in F32. All cores are capture-safe.
/// </summary>
public abstract class PrimitiveOps(DeviceMemory memory, ActivationArena arena)
{
    /// <summary>Where activations of the step live.</summary>
    public ActivationArena Arena { get; } = arena;

    /// <summary>The device's memory.</summary>
    public DeviceMemory Memory { get; } = memory;

    /// <summary>Watches the values of a step; null in service.</summary>
    public StepTrace? Trace { get; set; }

    /// <summary>into[t] = table[ids[t]]. Ids [tokens] I32, into [tokens, hidden].</summary>
    public void Embed(PackedWeight table, Tensor ids, Tensor into)
    {
        Check("Embed", into, ids.Count, table.Columns);
        EmbedCore(table, ids, into);
    }

    /// <summary>into = x · Wᵀ: x [rows, in], W [out, in], into [rows, out].</summary>
    public void MatMul(Tensor x, PackedWeight weight, Tensor into)
    {
        Check("MatMul", x, x[0], weight.Columns);
        Check("MatMul", into, x[0], weight.Rows);
        MatMulCore(x, weight, into);
    }

    /// <summary>into = a · b, or a · bᵀ when <paramref name="transposed"/>: a [m, k], b [k, n] or [n, k], into [m, n]; all activations.</summary>
    public void MatMul(Tensor a, Tensor b, bool transposed, Tensor into)
    {
        Check("MatMul", b, transposed ? into[1] : a[1], transposed ? a[1] : into[1]);
        Check("MatMul", into, a[0], into[1]);
        MatMulCore(a, b, transposed, into);
    }

    /// <summary>into[t, h] = x[t, h] applied to matrix h: x [tokens, heads, in], into [tokens, heads, out].
    /// <see cref="WeightRole.KeyUp"/> multiplies by W (in = stored rows), <see cref="WeightRole.ValueUp"/> by Wᵀ (in = stored columns).</summary>
    public void MatMulPerHead(Tensor x, PackedWeight weight, Tensor into)
    {
        bool keys = weight.Role == WeightRole.KeyUp;
        Check("MatMulPerHead", x, x[0], weight.Groups, keys ? weight.Rows : weight.Columns);
        Check("MatMulPerHead", into, x[0], weight.Groups, keys ? weight.Columns : weight.Rows);
        MatMulPerHeadCore(x, weight, into);
    }

    /// <summary>Rows sorted by expert, each times its expert's Wᵀ: x [rows, in], offsets [experts + 1] I32, into [rows, out].</summary>
    public void MatMulPerExpert(Tensor x, PackedWeight weight, Tensor offsets, Tensor into)
    {
        Check("MatMulPerExpert", x, into[0], weight.Columns);
        Check("MatMulPerExpert", into, x[0], weight.Rows);
        Check("MatMulPerExpert", offsets, weight.Groups + 1);
        MatMulPerExpertCore(x, weight, offsets, into);
    }

    /// <summary>into = w · x · rsqrt(mean(x²) + ε), statistics in F32: x and into [rows, width]; may be the same tensor.</summary>
    public void RmsNorm(Tensor x, PackedWeight weight, float epsilon, Tensor into)
    {
        Check("RmsNorm", x, x[0], weight.Columns);
        Check("RmsNorm", into, x[0], weight.Columns);
        RmsNormCore(x, weight, epsilon, into);
    }

    /// <summary>into = (x − mean) · rsqrt(var + ε) · w + b, in F32: x and into [rows, width]; may be the same tensor.</summary>
    public void LayerNorm(Tensor x, PackedWeight weight, PackedWeight bias, float epsilon, Tensor into)
    {
        Check("LayerNorm", x, x[0], weight.Columns);
        Check("LayerNorm", into, x[0], weight.Columns);
        LayerNormCore(x, weight, bias, epsilon, into);
    }

    /// <summary>
    /// Rotates x [tokens, heads, width] in place, the whole width, by angles position · θ^(−2i/width) in F32:
    /// pairs (2i, 2i+1) when <paramref name="interleaved"/>, else (i, i + width/2). Positions [tokens] I32. Strided x is fine.
    /// </summary>
    public void Rope(Tensor x, Tensor positions, float theta, bool interleaved)
    {
        Check("Rope", x, positions.Count, x[1], x[2]);
        RopeCore(x, positions, theta, interleaved);
    }

    /// <summary>into = silu(gate) · up, where gateUp [rows, 2 · width] holds gate then up; into [rows, width].</summary>
    public void SiluMul(Tensor gateUp, Tensor into)
    {
        Check("SiluMul", gateUp, into[0], 2 * into[1]);
        SiluMulCore(gateUp, into);
    }

    /// <summary>into = 1 / (1 + e^−x), same shapes; may be the same tensor.</summary>
    public void Sigmoid(Tensor x, Tensor into)
    {
        CheckSame("Sigmoid", x, into);
        SigmoidCore(x, into);
    }

    /// <summary>into = max(x, 0), same shapes; may be the same tensor.</summary>
    public void Relu(Tensor x, Tensor into)
    {
        CheckSame("Relu", x, into);
        ReluCore(x, into);
    }

    /// <summary>Each row of x [rows, width]: e^(scale · x − max) normalised, in F32; −inf gives 0, a row of −inf gives zeros. In place.</summary>
    public void Softmax(Tensor x, float scale) => SoftmaxCore(x, scale);

    /// <summary>into = a · b, b [rows, width], [1, width] (for every row) or [rows, 1] (for every column).</summary>
    public void Mul(Tensor a, Tensor b, Tensor into)
    {
        CheckBroadcast("Mul", a, b, into);
        MulCore(a, b, into);
    }

    /// <summary>into = a + b, b [rows, width], [1, width] or [rows, 1].</summary>
    public void Add(Tensor a, Tensor b, Tensor into)
    {
        CheckBroadcast("Add", a, b, into);
        AddCore(a, b, into);
    }

    /// <summary>into = factor · x, same shapes; may be the same tensor.</summary>
    public void Scale(Tensor x, float factor, Tensor into)
    {
        CheckSame("Scale", x, into);
        ScaleCore(x, factor, into);
    }

    /// <summary>Every element of a dense tensor becomes <paramref name="value"/>.</summary>
    public void Fill(Tensor into, float value) => FillCore(into, value);

    /// <summary>Each row of x [rows, width] divided by (its sum + ε), times factor. In place.</summary>
    public void NormalizeRows(Tensor x, float epsilon, float factor) => NormalizeRowsCore(x, epsilon, factor);

    /// <summary>scores[r, j] = −inf where keys[j] &lt; 0: scores [rows, keys], keys [keys] I32. In place.</summary>
    public void Mask(Tensor scores, Tensor keys)
    {
        Check("Mask", scores, scores[0], keys.Count);
        MaskCore(scores, keys);
    }

    /// <summary>into[r] = Σ_h x[r, h]: x [rows, heads, width], into [rows, width], summed in ascending h.</summary>
    public void ReduceSum(Tensor x, Tensor into)
    {
        Check("ReduceSum", into, x[0], x[2]);
        ReduceSumCore(x, into);
    }

    /// <summary>into[r] = a[r] then b[r]: [rows, wa] and [rows, wb] to [rows, wa + wb].</summary>
    public void Concat(Tensor a, Tensor b, Tensor into)
    {
        Check("Concat", into, a[0], a[1] + b[1]);
        Check("Concat", b, a[0], b[1]);
        ConcatCore(a, b, into);
    }

    /// <summary>The k largest of each row of x [rows, width], as ascending indices into [rows, k] I32. Ties go to the lowest
    /// index; −inf is never chosen; short rows are padded with −1 at the end.</summary>
    public void TopK(Tensor x, Tensor into)
    {
        Check("TopK", into, x[0], into[1]);
        TopKCore(x, into);
    }

    /// <summary>Each −1 of chosen [rows, k] I32, as <see cref="TopK"/> leaves it, becomes the lowest index that its row
    /// lacks, so one below k. In place; the order within a row is not kept.</summary>
    public void FillChoices(Tensor chosen)
    {
        Check("FillChoices", chosen, chosen[0], chosen[1]);
        FillChoicesCore(chosen);
    }

    /// <summary>Index of the largest of each row of x [rows, width] into [rows] I32; ties go to the lowest index. NaN never
    /// wins; a row without anything above −inf gives 0.</summary>
    public void ArgMax(Tensor x, Tensor into)
    {
        Check("ArgMax", into, x[0]);
        ArgMaxCore(x, into);
    }

    /// <summary>into[r] = x[indices[r]]: x [n, width], indices [rows] I32; a negative index gives zeros.</summary>
    public void GatherRows(Tensor x, Tensor indices, Tensor into)
    {
        Check("GatherRows", into, indices.Count, x[1]);
        GatherRowsCore(x, indices, into);
    }

    /// <summary>into[indices[r]] = x[r]: x [rows, width], indices [rows] I32, all different.</summary>
    public void ScatterRows(Tensor x, Tensor indices, Tensor into)
    {
        Check("ScatterRows", x, indices.Count, into[1]);
        ScatterRowsCore(x, indices, into);
    }

    /// <summary>into[r, j] = x[r, indices[r, j]]: x [rows, width], indices and into [rows, k]; a negative index gives NaN.</summary>
    public void GatherColumns(Tensor x, Tensor indices, Tensor into)
    {
        Check("GatherColumns", into, x[0], indices[1]);
        GatherColumnsCore(x, indices, into);
    }

    /// <summary>
    /// Sorts the (token, choice) pairs of experts [tokens, k] by expert, stable: tokenOf [tokens · k] is the token of each
    /// sorted row, sortedRow [tokens · k] the sorted row of each pair, offsets [count + 1] the first row of each expert. All I32.
    /// </summary>
    /// <exception cref="AcceleratorException">An id is not one of the count experts, and the ids are read by the host.</exception>
    public void GroupByExpert(Tensor experts, Tensor tokenOf, Tensor sortedRow, Tensor offsets)
    {
        Check("GroupByExpert", tokenOf, experts.Count);
        Check("GroupByExpert", sortedRow, experts.Count);
        GroupByExpertCore(experts, tokenOf, sortedRow, offsets);
    }

    /// <summary>Quantises x [rows, width] in groups of 1 × 128 to FP8 E4M3: codes [rows, width], scales [rows, width / 128] F32,
    /// scale = max(|x|, 1e-10) / 448, codes rounded to nearest even (spec 2).</summary>
    public void Quantize(Tensor x, Tensor codes, Tensor scales)
    {
        Check("Quantize", codes, x[0], x[1]);
        Check("Quantize", scales, x[0], (x[1] + 127) / 128);
        QuantizeCore(x, codes, scales);
    }

    /// <summary>into = x in another element type, rounded to nearest even; same shapes.</summary>
    public void Cast(Tensor x, Tensor into)
    {
        CheckSame("Cast", x, into);
        CastCore(x, into);
    }

    /// <summary>See <see cref="Embed"/>.</summary>
    protected abstract void EmbedCore(PackedWeight table, Tensor ids, Tensor into);

    /// <summary>See <see cref="MatMul(Tensor, PackedWeight, Tensor)"/>.</summary>
    protected abstract void MatMulCore(Tensor x, PackedWeight weight, Tensor into);

    /// <summary>See <see cref="MatMul(Tensor, Tensor, bool, Tensor)"/>.</summary>
    protected abstract void MatMulCore(Tensor a, Tensor b, bool transposed, Tensor into);

    /// <summary>See <see cref="MatMulPerHead"/>.</summary>
    protected abstract void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into);

    /// <summary>See <see cref="MatMulPerExpert"/>.</summary>
    protected abstract void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into);

    /// <summary>See <see cref="RmsNorm"/>.</summary>
    protected abstract void RmsNormCore(Tensor x, PackedWeight weight, float epsilon, Tensor into);

    /// <summary>See <see cref="LayerNorm"/>.</summary>
    protected abstract void LayerNormCore(Tensor x, PackedWeight weight, PackedWeight bias, float epsilon, Tensor into);

    /// <summary>See <see cref="Rope"/>.</summary>
    protected abstract void RopeCore(Tensor x, Tensor positions, float theta, bool interleaved);

    /// <summary>See <see cref="SiluMul"/>.</summary>
    protected abstract void SiluMulCore(Tensor gateUp, Tensor into);

    /// <summary>See <see cref="Sigmoid"/>.</summary>
    protected abstract void SigmoidCore(Tensor x, Tensor into);

    /// <summary>See <see cref="Relu"/>.</summary>
    protected abstract void ReluCore(Tensor x, Tensor into);

    /// <summary>See <see cref="Softmax"/>.</summary>
    protected abstract void SoftmaxCore(Tensor x, float scale);

    /// <summary>See <see cref="Mul"/>.</summary>
    protected abstract void MulCore(Tensor a, Tensor b, Tensor into);

    /// <summary>See <see cref="Add"/>.</summary>
    protected abstract void AddCore(Tensor a, Tensor b, Tensor into);

    /// <summary>See <see cref="Scale"/>.</summary>
    protected abstract void ScaleCore(Tensor x, float factor, Tensor into);

    /// <summary>See <see cref="Fill"/>.</summary>
    protected abstract void FillCore(Tensor into, float value);

    /// <summary>See <see cref="NormalizeRows"/>.</summary>
    protected abstract void NormalizeRowsCore(Tensor x, float epsilon, float factor);

    /// <summary>See <see cref="Mask"/>.</summary>
    protected abstract void MaskCore(Tensor scores, Tensor keys);

    /// <summary>See <see cref="ReduceSum"/>.</summary>
    protected abstract void ReduceSumCore(Tensor x, Tensor into);

    /// <summary>See <see cref="Concat"/>.</summary>
    protected abstract void ConcatCore(Tensor a, Tensor b, Tensor into);

    /// <summary>See <see cref="TopK"/>.</summary>
    protected abstract void TopKCore(Tensor x, Tensor into);

    /// <summary>See <see cref="FillChoices"/>.</summary>
    protected abstract void FillChoicesCore(Tensor chosen);

    /// <summary>See <see cref="ArgMax"/>.</summary>
    protected abstract void ArgMaxCore(Tensor x, Tensor into);

    /// <summary>See <see cref="GatherRows"/>.</summary>
    protected abstract void GatherRowsCore(Tensor x, Tensor indices, Tensor into);

    /// <summary>See <see cref="ScatterRows"/>.</summary>
    protected abstract void ScatterRowsCore(Tensor x, Tensor indices, Tensor into);

    /// <summary>See <see cref="GatherColumns"/>.</summary>
    protected abstract void GatherColumnsCore(Tensor x, Tensor indices, Tensor into);

    /// <summary>See <see cref="GroupByExpert"/>.</summary>
    protected abstract void GroupByExpertCore(Tensor experts, Tensor tokenOf, Tensor sortedRow, Tensor offsets);

    /// <summary>See <see cref="Quantize"/>.</summary>
    protected abstract void QuantizeCore(Tensor x, Tensor codes, Tensor scales);

    /// <summary>See <see cref="Cast"/>.</summary>
    protected abstract void CastCore(Tensor x, Tensor into);

    /// <summary>Reports a value to the trace, if one is attached.</summary>
    protected void Observe(TracePoint point, int layer, Tensor value) => Trace?.Record(point, layer, value);

    /// <summary>Fails unless the tensor has this shape; names operation, expected and got.</summary>
    protected void Check(string op, Tensor tensor, long d0, long d1 = -1, long d2 = -1)
    {
        int rank = d1 < 0 ? 1 : d2 < 0 ? 2 : 3;
        if (tensor.Rank != rank || tensor[0] != d0 || (rank > 1 && tensor[1] != d1) || (rank > 2 && tensor[2] != d2))
            throw WrongShape(op, tensor, new Tensor(0, tensor.Type, d0, d1, d2));
        Arena.CheckAlive(tensor);
    }

    private void CheckSame(string op, Tensor x, Tensor into)
    {
        if (x.Rank != into.Rank || x.Count != into.Count || x.Width != into.Width)
            throw WrongShape(op, into, x);
        Arena.CheckAlive(x);
        Arena.CheckAlive(into);
    }

    private void CheckBroadcast(string op, Tensor a, Tensor b, Tensor into)
    {
        CheckSame(op, a, into);
        bool fits = b.Rank == 2 && a.Rank == 2 && (b[0] == a[0] || b[0] == 1) && (b[1] == a[1] || b[1] == 1);
        if (!fits)
            throw WrongShape(op, b, a);
    }

    private static ShapeException WrongShape(string op, Tensor got, Tensor expected) =>
        new($"{op}: expected a tensor of shape {expected.Describe()}, got {got.Describe()}");
}
