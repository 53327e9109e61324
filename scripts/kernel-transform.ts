/**
 * What the compiler of the kernel changes in every build but the debug build. Two things:
 *
 * *Assertions of context* (kernel/thread/context.ts) are left out: statements of a function's body
 * that call something named `assert…`, with their arguments, as if they were comments.
 *
 * *Inlining*: every function whose comment ends with `@inline` is compiled into its callers.
 * AssemblyScript has a decorator for that, which tools that read the sources as TypeScript refuse
 * on functions; so it is added here where the comment asks for it. It is for the few steps between
 * a caller and a locked instruction: what a call pushes are stores, and the instruction waits for
 * them.
 */
import {
  type BlockStatement,
  type FunctionDeclaration,
  Node,
  type Parser,
  type Source,
  type Statement,
} from 'assemblyscript';
import { Transform } from 'assemblyscript/transform';

const asked = /@inline\s*\*\/\s*$/;
const assertion = /^assert[A-Z]\w*\(/;

function markInlined(source: Source): void {
  let end = 0;
  for (const statement of source.statements) {
    const { start } = statement.range;
    if (asked.test(source.text.slice(end, start))) decorate(statement as FunctionDeclaration);
    end = statement.range.end;
  }
}

function decorate(declaration: FunctionDeclaration): void {
  const { range } = declaration.name;
  const name = Node.createIdentifierExpression('inline', range);
  declaration.decorators = [Node.createDecorator(name, null, range)];
}

function leaveOutAssertions(source: Source): void {
  for (const statement of source.statements) {
    const { body } = statement as Partial<FunctionDeclaration>;
    const block = body as Partial<BlockStatement> | null | undefined;
    if (block?.statements) block.statements = block.statements.filter((one) => !asserts(one));
  }
}

function asserts({ range }: Statement): boolean {
  return assertion.test(range.source.text.slice(range.start, range.end));
}

export default class KernelTransform extends Transform {
  afterParse(parser: Parser): void {
    for (const source of parser.sources) {
      markInlined(source);
      leaveOutAssertions(source);
    }
  }
}
