// Declarations, refusing defaults and exported symbols, all from one parameter list each.

const parameter = ({ type, name }) => (type.endsWith("*") ? `${type}${name}` : `${type} ${name}`);
const parameters = (entry) => entry.params.map(parameter).join(", ");
const signature = (entry, scope) => `${entry.returns} ${scope}${entry.name}(${parameters(entry)})`;
const isOperator = (entry) => entry.library === "libopapi.so";
const isLaunch = (entry) => isOperator(entry) && entry.params.length === 4 && entry.params[0].name === "workspace" && !entry.name.endsWith("GetWorkspaceSize");

export function declarations(functions) {
    return `// Generated from the ABI table.
#pragma once
#include "abi_types.h"

namespace emu {

${functions.map((entry) => `${signature(entry, "")};`).join("\n")}

} // namespace emu
`;
}

/** Where an operator has no kernel: the products its reference names, unless the kernels' own configuration says otherwise. */
function platformsOf(entry) {
    const named = entry.platforms ?? [];
    if (named.includes("unverified")) {
        return ["A2", "A3"];
    }
    const kernels = entry.platform_conflict ? (entry.kernel_soc_configs ?? []) : [];
    return ["A2", "A3"].filter((platform) => named.includes(platform) || kernels.includes(platform === "A2" ? "ascend910b" : "ascend910_93"));
}

export function defaults(functions, abi) {
    const bodies = functions.map((entry) => {
        const names = entry.params.map((p) => p.name);
        const unused = names.map((name) => `(void)${name};`).join(" ");
        const body = isLaunch(entry)
            ? `return launch("${entry.name}", ${names.join(", ")});`
            : `${unused} not_implemented("${entry.name}");`;
        return `__attribute__((weak)) ${signature(entry, "")}\n{\n    ${body}\n}`;
    });
    const platforms = functions.filter((entry) => isOperator(entry) && entry.name.endsWith("GetWorkspaceSize"))
        .map((entry) => `    {"${entry.name.replace("GetWorkspaceSize", "")}", "${platformsOf(entry).join(" ")}"},`);
    const codes = [...abi.error_codes.acl, ...abi.error_codes.aclnn]
        .filter((code, index, all) => all.findIndex((other) => other.value === code.value) === index)
        .map((code) => `    {${code.value}, "${code.name}", ${JSON.stringify(code.meaning)}},`);
    return `// Generated from the ABI table.
#include "abi_functions.h"
#include "operators/executor.h"
#include "runtime/refusal.h"
#include "runtime/tables.h"

namespace emu {

const OperatorPlatforms kOperatorPlatforms[] = {
${platforms.join("\n")}
};
const size_t kOperatorPlatformCount = sizeof(kOperatorPlatforms) / sizeof(kOperatorPlatforms[0]);

const CodeMeaning kCodeMeanings[] = {
${codes.join("\n")}
};
const size_t kCodeMeaningCount = sizeof(kCodeMeanings) / sizeof(kCodeMeanings[0]);

${bodies.join("\n\n")}

} // namespace emu
`;
}

/** Parameters of a first phase by their kind, one letter each (tests/hostile.cpp); null where one is of another kind. */
function kindsOf(entry) {
    const kinds = {
        "aclTensor *": "T", "aclTensorList *": "L", "aclIntArray *": "A", "aclBoolArray *": "B", "aclScalar *": "S", "char *": "C", int64_t: "I", int8_t: "I",
        int32_t: "I", uint32_t: "I", int: "I", bool: "b", double: "D", float: "F", aclDataType: "Y", "uint64_t *": "W", "aclOpExecutor **": "X",
    };
    const letters = entry.params.map(({ type }) => kinds[type.replace(/^const /, "")]);
    return letters.includes(undefined) ? null : letters.join("");
}

export function signatures(functions) {
    const rows = functions.filter((entry) => isOperator(entry) && entry.name.endsWith("GetWorkspaceSize") && kindsOf(entry) !== null)
        .map((entry) => `    {"${entry.name.replace(/GetWorkspaceSize$/, "")}", "${kindsOf(entry)}"},`);
    return `// Generated from the ABI table.
#pragma once

struct Signature {
    const char *op;
    const char *kinds;
};

static const Signature kSignatures[] = {
${rows.join("\n")}
};
`;
}

/** Whose arguments a mutation run spoils: first phases of operators and collectives, but for what the caller only hands through. */
const isSpoilt = (entry) => (isOperator(entry) && entry.name.endsWith("GetWorkspaceSize")) || /^Hccl(All|Reduce|Broadcast)/.test(entry.name);
const handedThrough = new Set(["workspaceSize", "executor", "comm", "stream"]);

const argument = (entry) => ({ name }) =>
    (isSpoilt(entry) && !handedThrough.has(name) ? `emu::mutation::given("${entry.name}", "${name}", ${name})` : name);

export function forwards(functions) {
    const bodies = functions.map((entry) => {
        const call = `emu::${entry.name}(${entry.params.map(argument(entry)).join(", ")})`;
        return `extern "C" ${signature(entry, "")}\n{\n    return emu::enter<${entry.returns}>("${entry.name}", [&] { return ${call}; });\n}`;
    });
    return `// Generated from the ABI table.
#include "abi_functions.h"
#include "runtime/enter.h"
#include "runtime/mutation.h"

${bodies.join("\n\n")}
`;
}
