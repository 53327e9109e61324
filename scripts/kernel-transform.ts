/**
 * Inlining: every function of the kernel whose comment ends with `@inline` is compiled into its
 * callers.
 *
 * AssemblyScript has a decorator for that, which tools that read the sources as TypeScript refuse
 * on functions; so this transform of its compiler adds it where the comment asks for it. It is for
 * the few steps between a caller and a locked instruction: what a call pushes are stores, and the
 * instruction waits for them.
 */
import { type FunctionDeclaration, Node, type Parser, type Source } from 'assemblyscript';
import { Transform } from 'assemblyscript/transform';

const asked = /@inline\s*\*\/\s*$/;

function mark(source: Source): void {
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

export default class Inline extends Transform {
  afterParse(parser: Parser): void {
    for (const source of parser.sources) mark(source);
  }
}
