/** A page, so that the application has one. */
export default function Page() {
  return <p>See /visits</p>;
}
