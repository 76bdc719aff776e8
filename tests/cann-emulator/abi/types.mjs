// The C types of the table, as C++: the same names, values, sizes and offsets.

const isIdentifier = (name) => /^\w+$/.test(name);

function enumeration(name, values) {
    const lines = Object.entries(values).map(([key, value]) => `    ${key} = ${value},`);
    return `enum ${name} : int32_t {\n${lines.join("\n")}\n};`;
}

/** `char [NAME]` is written by its size: not every name of a dimension is a constant of the table. */
function field({ name, type, size }) {
    const array = /^(.*\S)\s*\[(\w+)\]$/.exec(type);
    return array ? `${array[1]} ${name}[${size} / sizeof(${array[1]})];` : `${type} ${name};`;
}

function structure(name, layout) {
    const fields = layout.fields.map((f) => `    ${field(f)}`).join("\n");
    const checks = layout.fields.map((f) => `static_assert(offsetof(${name}, ${f.name}) == ${f.offset});`);
    return `${layout.kind} ${name} {\n${fields}\n};\nstatic_assert(sizeof(${name}) == ${layout.size});\n${checks.join("\n")}`;
}

const overlaps = (layout) => layout.kind === "struct" && layout.fields.some((f, i) => i > 0 && layout.fields[i - 1].offset === f.offset);

/** Field types without their pointer, array and qualifier parts. */
const bases = (layout) => layout.fields.filter((f) => !f.type.includes("*"))
    .map((f) => f.type.replace(/\[.*\]/, "").replace(/^(const|struct|enum) /, "").trim());

const scalars = new Set(["uint8_t", "uint16_t", "uint32_t", "uint64_t", "int32_t", "int64_t", "size_t", "char", "int", "unsigned int", "float",
    "unsigned char", "unsigned long", "unsigned long long", "bool"]);

export function types(abi) {
    const enums = Object.entries(abi.enums).filter(([name]) => isIdentifier(name));
    const known = new Set([...scalars, ...enums.map(([name]) => name), ...Object.keys(abi.opaque)]);
    const opaque = Object.entries(abi.opaque)
        .map(([name, kind]) => (kind === "void *" ? `typedef void *${name};` : `struct ${name};`));
    const callbacks = Object.entries(abi.callbacks)
        .filter(([, callback]) => callback.params.every((p) => p.type.includes("*") || known.has(p.type)))
        .map(([name, callback]) => `typedef ${callback.returns} (*${name})(${callback.params.map((p) => p.type).join(", ")});`);

    const structs = [];
    const pending = Object.entries(abi.structs).filter(([, layout]) => layout.fields && !overlaps(layout))
        .map(([name, layout]) => [name.replace("@config_version_", "_v"), layout]);
    for (let progress = true; progress;) {
        progress = false;
        for (const [name, layout] of pending) {
            if (!known.has(name) && bases(layout).every((base) => known.has(base))) {
                structs.push(structure(name, layout));
                known.add(name);
                progress = true;
            }
        }
    }
    const named = abi.functions.flatMap((f) => f.params.map((p) => p.type))
        .map((type) => /(struct|enum) (\w+)/.exec(type)).filter((match) => match && !known.has(match[2]))
        .map((match) => (match[1] === "enum" ? `enum ${match[2]} : int32_t;` : `struct ${match[2]};`));
    const pointers = [...new Set(structs.join("\n").match(/\b\w+(?= \*\w+;|\s\*\s*\w+;)/g) ?? [])].filter((name) => !known.has(name));

    return `// Generated from the ABI table.
#pragma once
#include <cstddef>
#include <cstdint>

typedef int aclError;
typedef int32_t aclnnStatus;
typedef uint16_t aclFloat16;
struct HcclCommConfig;
${pointers.filter((name) => !scalars.has(name) && name !== "void").map((name) => `struct ${name};`).join("\n")}
${opaque.join("\n")}
${[...new Set(named)].join("\n")}

${enums.map(([name, values]) => enumeration(name, values)).join("\n\n")}

${callbacks.join("\n")}

${structs.join("\n\n")}
`;
}
