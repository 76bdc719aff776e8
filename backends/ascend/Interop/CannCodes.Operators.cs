namespace Glm5.Backends.Ascend.Interop;

/// <summary>Codes of the operators' two phases.</summary>
internal static partial class CannCodes
{
    private static readonly (int Code, string Name, string Meaning)[] s_operators =
    [
        (161001, "ACLNN_ERR_PARAM_NULLPTR", "a required argument is null"),
        (161002, "ACLNN_ERR_PARAM_INVALID", "dtype, shape or format of an argument is rejected"),
        (361001, "ACLNN_ERR_RUNTIME_ERROR", "a runtime call made by the operator failed"),
        (561000, "ACLNN_ERR_INNER", "internal error"),
        (561001, "ACLNN_ERR_INNER_INFERSHAPE_ERROR", "output shape inference failed"),
        (561002, "ACLNN_ERR_INNER_TILING_ERROR", "tiling failed, usually an unsupported shape or dtype"),
        (561003, "ACLNN_ERR_INNER_FIND_KERNEL_ERROR", "no kernel binary found, operator kernel package missing for this soc"),
        (561101, "ACLNN_ERR_INNER_CREATE_EXECUTOR", "executor creation failed"),
        (561102, "ACLNN_ERR_INNER_NOT_TRANS_EXECUTOR", "executor was not released to the caller"),
        (561103, "ACLNN_ERR_INNER_NULLPTR", "internal null pointer"),
        (561104, "ACLNN_ERR_INNER_WRONG_ATTR_INFO_SIZE", "attribute count mismatch"),
        (561105, "ACLNN_ERR_INNER_KEY_CONFLICT", "kernel hash key conflict"),
        (561106, "ACLNN_ERR_INNER_INVALID_IMPL_MODE", "implementation mode invalid"),
        (561107, "ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND", "ASCEND_OPP_PATH is not set"),
        (561108, "ACLNN_ERR_INNER_LOAD_JSON_FAILED", "operator info json cannot be loaded"),
        (561109, "ACLNN_ERR_INNER_JSON_VALUE_NOT_FOUND", "field missing in operator info json"),
        (561110, "ACLNN_ERR_INNER_JSON_FORMAT_INVALID", "format field invalid in operator info json"),
        (561111, "ACLNN_ERR_INNER_JSON_DTYPE_INVALID", "dtype field invalid in operator info json"),
        (561112, "ACLNN_ERR_INNER_OPP_KERNEL_PKG_NOT_FOUND", "operator kernel package not found"),
        (561113, "ACLNN_ERR_INNER_OP_FILE_INVALID", "operator json file invalid"),
        (561114, "ACLNN_ERR_INNER_ATTR_NUM_OUT_OF_BOUND", "more attributes than the operator info declares"),
        (561115, "ACLNN_ERR_INNER_ATTR_LEN_NOT_ENOUGH", "fewer attributes than the operator info declares"),
        (561116, "ACLNN_ERR_INNER_INPUT_NUM_IN_JSON_TOO_LARGE", "more than 32 inputs declared"),
        (561117, "ACLNN_ERR_INNER_INPUT_JSON_IS_NULL", "input description missing"),
        (561118, "ACLNN_ERR_INNER_STATIC_WORKSPACE_INVALID", "static workspace description invalid"),
        (561119, "ACLNN_ERR_INNER_STATIC_BLOCK_DIM_INVALID", "static core count description invalid"),
    ];
}
