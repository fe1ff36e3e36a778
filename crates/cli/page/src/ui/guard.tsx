// Keeps the other views usable if one fails.

import { Component, type ComponentChildren } from "preact";
import { Problem } from "./basics";

interface State {
  error: Error | undefined;
}

/** Shows the error that a view threw, until another view is shown. */
export class Guard extends Component<{ view: string; children: ComponentChildren }, State> {
  override state: State = { error: undefined };

  static override getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: { view: string }): void {
    if (before.view !== this.props.view && this.state.error) this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div class="page">
        <h2>This view failed</h2>
        <p>The data is still on the server. Please include the following text in a bug report.</p>
        <Problem error={error} />
      </div>
    );
  }
}
